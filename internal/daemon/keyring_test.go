package daemon

import (
	"errors"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestKeyringFindsTheMostSpecificKey(t *testing.T) {
	psks, err := ParsePSKFile([]byte("alice:01\n*:02\n#2a:03\n"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := newKeyring(psks)
	if err != nil {
		t.Fatal(err)
	}
	few, err := newKeyring(psks[:1])
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		ring     *keyring
		identity string
		key      string // empty: unknown
	}{
		{all, "alice", "\x01"},
		{all, "alice\x00", "\x02"},
		{all, "", "\x02"},
		{all, "*", "\x03"},
		{few, "alice", "\x01"},
		{few, "bob", ""},
		{few, "*", ""},
	}
	for _, tt := range tests {
		key, err := tt.ring.find([]byte(tt.identity))
		if string(key) != tt.key || (tt.key == "") != errors.Is(err, dtls.ErrUnknownIdentity) {
			t.Errorf("%q: got %x, %v", tt.identity, key, err)
		}
	}
}

func TestKeyringRefusesOneIdentityFromTwoSources(t *testing.T) {
	one := []PSK{{Identity: []byte("alice"), Key: []byte{1}}, {Any: true, Key: []byte{1}}}
	for _, p := range one {
		if _, err := newKeyring(one, []PSK{p}); err == nil || !strings.Contains(err.Error(), "given twice") {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestWeakKeysAreFound(t *testing.T) {
	good := make([]byte, recommendedKey)
	k, err := newKeyring([]PSK{{Identity: []byte("a"), Key: good}, {Identity: []byte("b"), Key: good[:15]}, {Any: true, Key: good[:1]}, {Key: good}})
	if err != nil {
		t.Fatal(err)
	}
	got := k.weaknesses()
	if len(got) != 2 || got[0] != "2 pre-shared keys are shorter than 16 bytes and can be guessed" || !strings.Contains(got[1], "empty identity") {
		t.Errorf("got %q", got)
	}
	if k, err = newKeyring([]PSK{{Identity: []byte("a"), Key: good}}); err != nil || k.weaknesses() != nil {
		t.Errorf("a good key: %q, %v", k.weaknesses(), err)
	}
}
