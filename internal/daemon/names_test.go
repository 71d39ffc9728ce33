package daemon

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestParseCiphers(t *testing.T) {
	const chacha, gcm = 0xccac, 0xc02b
	tests := []struct {
		list string
		want []uint16
	}{
		{"", nil},
		{"ECDHE-PSK-CHACHA20-POLY1305", []uint16{chacha}},
		{"TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", []uint16{chacha}},
		{"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-PSK-CHACHA20-POLY1305", []uint16{gcm, chacha}},
		{"ECDHE-PSK-CHACHA20-POLY1305, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", []uint16{chacha, gcm}},
	}
	for _, tt := range tests {
		if got, err := parseCiphers(tt.list); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %x, %v", tt.list, got, err)
		}
	}
	_, err := parseCiphers("PSK-AES128-GCM-SHA256,AES128-SHA")
	if err == nil || !strings.Contains(err.Error(), `"AES128-SHA"`) || !strings.Contains(hintOf(err), "PSK-AES128-GCM-SHA256") {
		t.Errorf("got %v, hint %q", err, hintOf(err))
	}
}

func TestParseGroups(t *testing.T) {
	got, err := parseGroups("x25519,P-256:secp384r1")
	if want := []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseGroups("P-224"); err == nil || hintOf(err) == "" {
		t.Errorf("P-224: %v", err)
	}
}
