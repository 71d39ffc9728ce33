package daemon

import (
	"os"
	"os/exec"
	"strings"
)

// shellQuote returns word so that a POSIX shell reads it as one word.
func shellQuote(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("%+,-./:=@_", r)
	}
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// program is what to type in another terminal, in any directory, to run this
// same dtlsd.
func program() string {
	self, err := os.Executable()
	if err != nil {
		return "dtlsd"
	}
	if found, err := exec.LookPath("dtlsd"); err == nil && sameFile(found, self) {
		return "dtlsd"
	}
	return shellQuote(self)
}

func sameFile(a, b string) bool {
	infoA, err := os.Stat(a)
	if err != nil {
		return false
	}
	infoB, err := os.Stat(b)
	return err == nil && os.SameFile(infoA, infoB)
}
