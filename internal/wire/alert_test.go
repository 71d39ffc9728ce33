package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestParseAlert(t *testing.T) {
	a, err := ParseAlert([]byte{2, 40})
	if err != nil || a != (Alert{AlertFatal, AlertHandshakeFailure}) {
		t.Errorf("got %v, %v", a, err)
	}
	if got := a.AppendTo([]byte{9}); !bytes.Equal(got, []byte{9, 2, 40}) {
		t.Errorf("written again: %x", got)
	}
	// RFC 5246, Section 7.2: two bytes, no more, no less.
	for _, bad := range [][]byte{nil, {2}, {2, 40, 1}, {1, 0, 1, 0}} {
		if _, err := ParseAlert(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%x: error %v", bad, err)
		}
	}
}

func TestAlertsAreNamedAsInTheRegistry(t *testing.T) {
	tests := []struct {
		alert Alert
		want  string
	}{
		{Alert{AlertFatal, 40}, "fatal handshake_failure"},
		{Alert{AlertWarning, 0}, "warning close_notify"},
		{Alert{AlertFatal, 52}, "fatal too_many_cids_requested"},
		{Alert{AlertFatal, 115}, "fatal unknown_psk_identity"},
		{Alert{AlertFatal, 120}, "fatal no_application_protocol"},
		{Alert{3, 99}, "alert_level 3 alert 99"},
		{Alert{0, 255}, "alert_level 0 alert 255"},
	}
	for _, test := range tests {
		if got := test.alert.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func FuzzAlert(f *testing.F) {
	f.Add([]byte{2, 40})
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAlert(b)
		if err == nil && !bytes.Equal(a.AppendTo(nil), b) {
			t.Errorf("written again: %x, from %x", a.AppendTo(nil), b)
		}
	})
}
