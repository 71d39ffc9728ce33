package daemon

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

func replaceFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantKey(t *testing.T, c *credentials, identity string, want ...byte) {
	t.Helper()
	if key, err := c.LookupPSK(t.Context(), []byte(identity)); !bytes.Equal(key, want) {
		t.Errorf("%s: got %x, %v; want %x", identity, key, err, want)
	}
}

func TestReloadReplacesKeysAndABadFileKeepsTheOldOnes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	replaceFile(t, name, "alice:01\n")
	c, err := newCredentials(&ServeSettings{PSKFile: name, PSK: []string{"bob:02"}})
	if err != nil {
		t.Fatal(err)
	}
	wantKey(t, c, "alice", 1)

	replaceFile(t, name, "alice:03\n")
	if lines := c.reload(); len(lines) != 1 || lines[0].Level != slog.LevelInfo {
		t.Errorf("good file: %+v", lines)
	}
	wantKey(t, c, "alice", 3)

	for _, bad := range []string{"alice:0", "alice:04\nalice:05\n", "", "bob:06\n"} {
		replaceFile(t, name, bad)
		lines := c.reload()
		if len(lines) != 1 || lines[0].Level != slog.LevelError || !strings.Contains(lines[0].Text, name) {
			t.Errorf("%q: %+v", bad, lines)
		}
		wantKey(t, c, "alice", 3)
		wantKey(t, c, "bob", 2)
	}
}

func TestReloadReplacesTheCertificateAndABadFileKeepsTheOldOne(t *testing.T) {
	cert, key := writePEM(t)
	c, err := newCredentials(&ServeSettings{Cert: cert, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	first := c.certificate.Load()
	replaceFile(t, cert, "no longer a certificate")
	if lines := c.reload(); len(lines) != 1 || lines[0].Level != slog.LevelError {
		t.Errorf("bad file: %+v", lines)
	}
	if c.certificate.Load() != first {
		t.Error("the bad file replaced the certificate")
	}

	newCert, newKey := writePEM(t)
	c.settings.Cert, c.settings.Key = newCert, newKey
	if lines := c.reload(); len(lines) != 1 || lines[0].Level != slog.LevelInfo {
		t.Errorf("good file: %+v", lines)
	}
	if got, _ := c.getCertificate(nil); got == first {
		t.Error("the certificate is still the old one")
	}
}

func TestExpiredCertificateIsWarnedOf(t *testing.T) {
	cert, key := writePEM(t)
	c, err := newCredentials(&ServeSettings{Cert: cert, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if lines := c.expiry(); len(lines) != 0 {
		t.Errorf("a valid certificate: %+v", lines)
	}
	for _, shift := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		c.now = func() time.Time { return time.Now().Add(shift) }
		if lines := c.expiry(); len(lines) != 1 || lines[0].Level != slog.LevelWarn {
			t.Errorf("%v from now: %+v", shift, lines)
		}
	}
}

func TestCredentialsThatCannotBeRead(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	replaceFile(t, empty, "# nobody\n")
	cert, _ := writePEM(t)
	for name, s := range map[string]ServeSettings{
		"bad hex":          {PSK: []string{"alice:xy"}},
		"twice":            {PSK: []string{"alice:01", "alice:02"}},
		"missing file":     {PSKFile: empty + "x"},
		"file of comments": {PSKFile: empty},
		"unreadable key":   {Cert: cert, Key: cert + "x"},
	} {
		if _, err := newCredentials(&s); err == nil || hintOf(err) == "" {
			t.Errorf("%s: got %v, hint %q", name, err, hintOf(err))
		}
	}
}

func TestCredentialsSwitchOnWhatTheyServe(t *testing.T) {
	cert, key := writePEM(t)
	for name, s := range map[string]ServeSettings{
		"keys":        {PSK: []string{"alice:01"}, PSKHint: "hint"},
		"certificate": {Cert: cert, Key: key},
	} {
		c, err := newCredentials(&s)
		if err != nil {
			t.Fatal(err)
		}
		var config dtls.Config
		c.apply(&config)
		if (config.PSK != nil) != (s.PSK != nil) || (config.GetCertificate != nil) != (s.Cert != "") || string(config.PSKIdentityHint) != s.PSKHint {
			t.Errorf("%s: %+v", name, config.PSK)
		}
	}
}
