package wire

import (
	"bytes"
	"testing"
)

func TestServerKeyExchangeParamsAreWhatIsSigned(t *testing.T) {
	for _, form := range []KeyExchangeForm{FormECDHE, FormECDHE | FormSigned, FormPSK | FormECDHE} {
		m := ServerKeyExchange{
			IdentityHint: []byte("hint"),
			Group:        GroupX25519,
			PublicKey:    []byte{0xb1, 0xb2},
			Scheme:       Ed25519,
			Signature:    []byte{0xf1},
		}
		parsed, err := ParseServerKeyExchange(form, m.AppendTo(form, nil))
		if err != nil {
			t.Fatal(err)
		}
		if want := unhex(t, "03 001d 02 b1b2"); !bytes.Equal(parsed.Params, want) || !bytes.Equal(m.AppendParams(nil), want) {
			t.Errorf("form %b: parsed %x, written %x, want %x", form, parsed.Params, m.AppendParams(nil), want)
		}
		if parsed.Group != m.Group || !bytes.Equal(parsed.PublicKey, m.PublicKey) {
			t.Errorf("form %b: %+v", form, parsed)
		}
	}
}

func FuzzServerKeyExchange(f *testing.F) { fuzzMessage(f, TypeServerKeyExchange) }
