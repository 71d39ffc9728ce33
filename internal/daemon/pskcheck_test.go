package daemon

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestGeneratedPSKIsReadBack(t *testing.T) {
	for _, identity := range []string{"", "alice", "a:b", "\x00"} {
		var out bytes.Buffer
		if err := GeneratePSK(&out, identity, 32); err != nil {
			t.Fatal(err)
		}
		psks, err := ParsePSKFile(out.Bytes())
		if err != nil || len(psks) != 1 || len(psks[0].Key) != 32 {
			t.Fatalf("%q: got %+v, %v", identity, psks, err)
		}
		if got := string(psks[0].Identity); identity != "" && got != identity {
			t.Errorf("%q became %q", identity, got)
		}
	}
	for _, n := range []int{0, -1, MaxKey + 1} {
		if err := GeneratePSK(&bytes.Buffer{}, "", n); err == nil {
			t.Errorf("a key of %d bytes is made", n)
		}
	}
}

func TestCheckNamesWeakKeysAndShowsNone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	const file = "strong:000102030405060708090a0b0c0d0e0f\n#1b5b:1a2b3c4d5e6f\n"
	if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := CheckPSKFile(&out, name, false); err != nil {
		t.Fatal(err)
	}
	want := `identity '\x1b[': the key has 6 bytes and can be guessed; 16 or more are better` + "\n" + name + ": 2 identities\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
