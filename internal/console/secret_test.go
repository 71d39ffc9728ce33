package console

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSecretIsKeptForItsOwnerOnly(t *testing.T) {
	name := filepath.Join(t.TempDir(), "dtlsd", "console")
	first, warnings := loadSecret(name)
	if len(warnings) > 0 {
		t.Fatalf("warnings %q", warnings)
	}
	if again, _ := loadSecret(name); again != first {
		t.Error("the secret was not kept")
	}
	wantMode(t, name, 0o600)
	wantMode(t, filepath.Dir(name), 0o700|os.ModeDir)
	if entries, _ := os.ReadDir(filepath.Dir(name)); len(entries) != 1 {
		t.Errorf("beside the file there is something else: %v", entries)
	}
}

func wantMode(t *testing.T, name string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want && runtime.GOOS != "windows" {
		t.Errorf("%s has mode %v, not %v", name, info.Mode(), want)
	}
}

func TestSecretThatCannotBeTrustedIsReplaced(t *testing.T) {
	text := strings.Repeat("ab", len(secret{})) + "\n"
	tests := []struct {
		name    string
		content string
		mode    os.FileMode
		warning string
	}{
		{"others can read it", text, 0o644, "mode 0644"},
		{"others can write it", text, 0o620, "mode 0620"},
		{"empty", "", 0o600, "damaged"},
		{"too short", text[:62], 0o600, "damaged"},
		{"too long", "ab" + text, 0o600, "damaged"},
		{"not hex", strings.Repeat("x", 64), 0o600, "damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "console")
			if err := os.WriteFile(name, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(name, tt.mode); err != nil {
				t.Fatal(err)
			}
			s, warnings := loadSecret(name)
			if len(warnings) != 1 || !strings.Contains(warnings[0], tt.warning) || !strings.Contains(warnings[0], name) {
				t.Errorf("warnings %q", warnings)
			}
			if strings.Contains(strings.Join(warnings, ""), "abab") {
				t.Error("the warning has the secret in it")
			}
			wantMode(t, name, 0o600)
			if again, warnings := loadSecret(name); again != s || len(warnings) > 0 {
				t.Errorf("the new secret was not kept: %q", warnings)
			}
		})
	}
}

func TestSecretThatCannotBeKeptIsForThisRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, warnings := loadSecret(filepath.Join(file, "console")) // no folder can be there
	if len(warnings) == 0 || !strings.Contains(warnings[len(warnings)-1], "cannot be kept") {
		t.Errorf("warnings %q", warnings)
	}
	if s == (secret{}) {
		t.Error("the secret is zero")
	}
}

func TestLinkAndCookieDoNotGiveEachOtherAway(t *testing.T) {
	s := newSecret()
	if s.token() == s.cookie() || len(s.token()) != 64 || len(s.cookie()) != 64 {
		t.Error("the two must be 256 bits each, and differ")
	}
	if s.isToken(s.cookie()) || s.isCookie(s.token()) || !s.isToken(s.token()) || !s.isCookie(s.cookie()) {
		t.Error("one is taken for the other")
	}
}

// Who planted the file knows the link.
func TestSecretOfSomebodyElseIsNotUsed(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	name := filepath.Join(t.TempDir(), "secret")
	planted, _ := loadSecret(name)
	if err := os.Chown(name, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	got, warnings := loadSecret(name)
	if got == planted || len(warnings) != 1 || !strings.Contains(warnings[0], "belongs to somebody else") {
		t.Errorf("the planted one: %v, warnings %q", got == planted, warnings)
	}
	if again, warnings := loadSecret(name); again != got || len(warnings) > 0 {
		t.Errorf("the new one was not kept: %q", warnings)
	}
}
