package daemon

import (
	"os/exec"
	"testing"
)

func TestShellQuote(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell on this machine")
	}
	for _, word := range []string{"plain", "a/b-c_d.e:f", "", "two words", "it's", `"$HOME"`, "`id`", "a\nb", "*", "~", "#a", "-n", "é", `\`} {
		out, err := exec.Command(sh, "-c", "printf %s "+shellQuote(word)+"; printf x").Output()
		if err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		if got := string(out); got != word+"x" {
			t.Errorf("%q came out as %q", word, got)
		}
	}
	if got := shellQuote("127.0.0.1:22334"); got != "127.0.0.1:22334" {
		t.Errorf("an address needs no quotes: %s", got)
	}
}
