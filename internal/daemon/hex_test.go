package daemon

import "testing"

func TestAppendSpacedHex(t *testing.T) {
	for in, want := range map[string]string{"": "", "\x16": "16", "\x16\xfe\xfd": "16 fe fd"} {
		if got := string(appendSpacedHex(nil, []byte(in))); got != want {
			t.Errorf("%x: got %q, want %q", in, got, want)
		}
	}
}
