package daemon

import (
	"os"
	"path/filepath"
	"testing"
)

func TestKeyLogIsItsOwnersOnlyAndGrows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.log")
	for _, line := range []string{"one\n", "two\n"} {
		f, err := openKeyLog(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(line); err != nil {
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
	if _, err := openKeyLog(name); err == nil || hintOf(err) == "" {
		t.Errorf("a file that others can read is accepted: %v", err)
	}
}
