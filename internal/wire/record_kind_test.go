package wire

import "testing"

// RFC 9147, Section 4.1, Figure 5.
func TestFirstByteTellsTheFormOfARecord(t *testing.T) {
	for n := range 256 {
		want := RecordUnknown
		switch {
		case n == 25:
			want = RecordCID
		case 20 <= n && n <= 24, n == 26, n == 27:
			want = RecordPlaintext
		case 32 <= n && n <= 63:
			want = RecordUnified
		}
		if got := RecordKindOf(byte(n)); got != want {
			t.Errorf("first byte %d: form %d, want %d", n, got, want)
		}
	}
}
