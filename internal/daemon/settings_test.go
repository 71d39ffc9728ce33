package daemon

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func loadSettings(t *testing.T, content string, mode os.FileMode) (ServeSettings, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "dtlsd.toml")
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	s := DefaultServeSettings()
	err := s.Load(name)
	return s, err
}

func TestLoadKeepsDefaults(t *testing.T) {
	s, err := loadSettings(t, `
listen = ["127.0.0.1:5684", "[::1]:5684"]
psk = ["alice:1a2b"]
reply = "echo"
idle-timeout = "90s"
datagrams = "meta"
cid = 4
shards = 3
`, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Listen, []string{"127.0.0.1:5684", "[::1]:5684"}) || !slices.Equal(s.PSK, []string{"alice:1a2b"}) {
		t.Errorf("lists: %+v", s)
	}
	if s.Reply != ReplyEcho || s.Datagrams != DetailMeta || s.IdleTimeout.Duration != 90*time.Second || s.CID != 4 || s.Shards != 3 {
		t.Errorf("words: %+v", s)
	}
	if s.LogLevel != LevelInfo || s.DatagramRate != 100 || s.Console != DefaultConsole {
		t.Errorf("defaults are lost: %+v", s)
	}
}

func TestLoadSaysWhereAndWhat(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"unknown setting", "reply = \"ack\"\nlisten_on = 1\n", `dtlsd.toml:2:1: there is no setting "listen_on"`},
		{"unknown table", "[server]\nreply = \"ack\"\n", `:1:2: there is no setting "server"`},
		{"wrong word", "\nreply = \"loud\"\n", `dtlsd.toml: reply: "loud" is not one of ack, echo, none`},
		{"wrong type", "datagram-rate = \"many\"\n", `:1:17: `},
		{"not TOML", "reply = \n", `:1:`},
		{"a word for a length", "cid = \"long\"\n", `"long" is neither a length from 1 to 255 nor off`},
		{"a number for a duration", "idle-timeout = 5\n", `"5" is not a duration`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := loadSettings(t, tt.content, 0o600)
			var f *Fault
			if !errors.As(err, &f) || !f.Usage || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestLoadRefusesKeysInAFileForEverybody(t *testing.T) {
	if _, err := loadSettings(t, "psk = [\"a:00\"]\n", 0o644); err == nil {
		t.Error("accepted")
	}
	if _, err := loadSettings(t, "psk = [\"a:00\"]\npsk-file-any-mode = true\n", 0o644); err != nil {
		t.Error(err)
	}
	if _, err := loadSettings(t, "reply = \"none\"\n", 0o644); err != nil {
		t.Error(err)
	}
}

func TestValidateRefusesWhatCannotBeMeant(t *testing.T) {
	tests := []struct {
		name   string
		change func(*ServeSettings)
		want   string // empty: accepted
	}{
		{"nothing", func(*ServeSettings) {}, ""},
		{"port out of range", func(s *ServeSettings) { s.Listen = []string{"127.0.0.1:99999"} }, "port 99999"},
		{"certificate without key", func(s *ServeSettings) { s.Cert = "c.pem" }, "--cert and --key"},
		{"key without certificate", func(s *ServeSettings) { s.Key = "k.pem" }, "--cert and --key"},
		{"two certificates", func(s *ServeSettings) { s.Cert, s.Key, s.SelfSigned = "c", "k", true }, "--self-signed"},
		{"client CA without certificate", func(s *ServeSettings) { s.ClientCA = "ca.pem" }, "--client-ca"},
		{"console's certificate without key", func(s *ServeSettings) { s.ConsoleCert = "a.pem" }, "--console-cert and --console-key go together"},
		{"too many shards", func(s *ServeSettings) { s.Shards = 257 }, "--shards has to be between 0 and 256"},
		{"fewer shards than none", func(s *ServeSettings) { s.Shards = -1 }, "--shards"},
		{"negative rate", func(s *ServeSettings) { s.DatagramRate = -1 }, "negative"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := DefaultServeSettings()
			tt.change(&s)
			err := s.Validate()
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var f *Fault
			if !errors.As(err, &f) || !f.Usage || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
