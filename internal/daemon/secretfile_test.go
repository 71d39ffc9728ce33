package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFilesThatOthersCanAccessAreRefused(t *testing.T) {
	tests := []struct {
		mode    os.FileMode
		anyMode bool
		refused bool
	}{
		{0o600, false, false},
		{0o400, false, false},
		{0o640, false, true},
		{0o620, false, true},
		{0o604, false, true},
		{0o644, false, true},
		{0o644, true, false},
	}
	for _, tt := range tests {
		name := filepath.Join(t.TempDir(), "keys")
		if err := os.WriteFile(name, []byte("alice:00"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := readSecretFile(name, tt.anyMode)
		if refused := err != nil; refused != tt.refused {
			t.Errorf("mode %o, any mode %v: %v", tt.mode, tt.anyMode, err)
		}
		if tt.refused && !strings.Contains(hintOf(err), "--psk-file-any-mode") {
			t.Errorf("mode %o: the hint %q does not name the way out", tt.mode, hintOf(err))
		}
	}
}

func TestMissingFileHasHint(t *testing.T) {
	_, err := readSecretFile(filepath.Join(t.TempDir(), "none"), false)
	if err == nil || hintOf(err) == "" {
		t.Errorf("error %v, hint %q", err, hintOf(err))
	}
}
