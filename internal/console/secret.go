package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// A secret is what the link and the cookies are made from. Neither is the
// secret itself, so that one does not give away the other.
type secret [32]byte

// token is what the link carries, and scripts.
func (s *secret) token() string { return s.derive("console link") }

// cookie is what a browser that was signed in carries.
func (s *secret) cookie() string { return s.derive("console cookie") }

func (s *secret) derive(use string) string {
	mac := hmac.New(sha256.New, s[:])
	mac.Write([]byte(use))
	return hex.EncodeToString(mac.Sum(nil))
}

// isToken compares in constant time, as isCookie does.
func (s *secret) isToken(text string) bool { return hmac.Equal([]byte(text), []byte(s.token())) }

func (s *secret) isCookie(text string) bool { return hmac.Equal([]byte(text), []byte(s.cookie())) }

// loadSecret returns the secret in a file, or makes one and keeps it there, so
// that links and cookies are good after a restart. It warns where they are not.
// Without a name it makes one for this run.
func loadSecret(name string) (secret, []string) {
	if name == "" {
		return newSecret(), nil
	}
	s, err := readSecret(name)
	if err == nil {
		return s, nil
	}
	var warnings []string
	if !errors.Is(err, fs.ErrNotExist) {
		warnings = append(warnings, fmt.Sprintf("the console has a new secret, so that earlier links and cookies are not valid any more: %v", err))
	}
	s = newSecret()
	if err := writeSecret(name, s); err != nil {
		warnings = append(warnings, fmt.Sprintf("the console's link and cookies are valid until dtlsd ends, because its secret cannot be kept: %v", err))
	}
	return s, warnings
}

func newSecret() (s secret) {
	rand.Read(s[:]) // never fails
	return s
}

// readSecret refuses a file that anybody but its owner has access to: whoever
// had a look at it has the console.
func readSecret(name string) (s secret, err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return s, fmt.Errorf("%s is no file", name) // to open a pipe would wait for ever
	}
	f, err := os.Open(name)
	if err != nil {
		return s, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return s, err
	}
	if !isOurs(info) {
		return s, fmt.Errorf("%s belongs to somebody else", name)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return s, fmt.Errorf("the mode %04o of %s let others at it", info.Mode().Perm(), name)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<10))
	if err != nil {
		return s, err
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(b) != len(s) {
		// Nothing of what is there: it may be most of a secret.
		return s, fmt.Errorf("%s was damaged", name)
	}
	return secret(b), nil
}

// writeSecret replaces the file as a whole or not at all.
func writeSecret(name string, s secret) error {
	folder := filepath.Dir(name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, filepath.Base(name)+".*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, hex.EncodeToString(s[:]))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
