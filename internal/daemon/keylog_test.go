package daemon

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestKeyLogIsItsOwnersOnlyAndGrows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.log")
	for _, line := range []string{"one\n", "two\n"} {
		f, err := openKeyLog(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, line); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	content, err := os.ReadFile(name)
	if err != nil || string(content) != "one\ntwo\n" {
		t.Errorf("got %q, %v", content, err)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openKeyLog(name, nil); err == nil || hintOf(err) == "" {
		t.Errorf("a file that others can read is accepted: %v", err)
	}
}

func TestKeyLogThatCannotBeWrittenIsToldOfOnce(t *testing.T) {
	var told []error
	k, err := openKeyLog("/dev/full", func(err error) { told = append(told, err) })
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("there is no /dev/full here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for range 3 {
		if _, err := k.Write([]byte("secret\n")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v", err)
		}
	}
	const want = "key log: no space left on device"
	if len(told) != 1 || told[0].Error() != want || k.failure() != told[0] {
		t.Errorf("told %v, remembered %v", told, k.failure())
	}
}
