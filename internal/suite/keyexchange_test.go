package suite

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"testing"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestKeyExchangeProperties(t *testing.T) {
	tests := []struct {
		kx                      KeyExchange
		name                    string
		psk, ecdhe, certificate bool
		form                    wire.KeyExchangeForm
	}{
		{PSK, "PSK", true, false, false, wire.FormPSK},
		{ECDHEPSK, "ECDHE_PSK", true, true, false, wire.FormPSK | wire.FormECDHE},
		{ECDHEECDSA, "ECDHE_ECDSA", false, true, true, wire.FormECDHE | wire.FormSigned},
		{ECDHERSA, "ECDHE_RSA", false, true, true, wire.FormECDHE | wire.FormSigned},
		{0, "KeyExchange(0)", false, false, false, 0},
	}
	for _, tt := range tests {
		if got := tt.kx.String(); got != tt.name {
			t.Errorf("String() = %q, want %q", got, tt.name)
		}
		if tt.kx.UsesPSK() != tt.psk || tt.kx.UsesECDHE() != tt.ecdhe || tt.kx.UsesCertificate() != tt.certificate {
			t.Errorf("%v uses PSK %t, ECDHE %t, certificate %t", tt.kx, tt.kx.UsesPSK(), tt.kx.UsesECDHE(), tt.kx.UsesCertificate())
		}
		if got := tt.kx.Form(); got != tt.form {
			t.Errorf("%v has form %b, want %b", tt.kx, got, tt.form)
		}
	}
}

func TestAcceptsMatchesKeysToExchanges(t *testing.T) {
	keys := newTestSigners(t)
	tests := []struct {
		name string
		pub  crypto.PublicKey
		want KeyExchange // 0 for none
	}{
		{"RSA", keys.rsa.Public(), ECDHERSA},
		{"ECDSA P-256", keys.p256.Public(), ECDHEECDSA},
		{"ECDSA P-384", keys.p384.Public(), ECDHEECDSA},
		{"Ed25519", keys.ed25519.Public(), ECDHEECDSA},
		{"ECDSA P-521", &ecdsa.PublicKey{Curve: elliptic.P521()}, 0},
		{"nothing", nil, 0},
		{"a private key", keys.p256, 0},
	}
	for _, tt := range tests {
		for _, kx := range []KeyExchange{PSK, ECDHEPSK, ECDHEECDSA, ECDHERSA} {
			if got := kx.Accepts(tt.pub); got != (kx == tt.want) {
				t.Errorf("%v accepts %s: %t", kx, tt.name, got)
			}
		}
	}
}
