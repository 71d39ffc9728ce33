package wire

import "golang.org/x/crypto/cryptobyte"

// A ClientKeyExchange carries what the key exchange of the suite needs from the client. Which fields it
// has is the suite's KeyExchangeForm: RFC 4279, Section 2; RFC 5489, Section 2; RFC 8422, Section 5.7.
type ClientKeyExchange struct {
	Identity  []byte // FormPSK
	PublicKey []byte // FormECDHE
}

// ParseClientKeyExchange parses the body of a client_key_exchange of that form. The slices of the result
// are views into body.
func ParseClientKeyExchange(form KeyExchangeForm, body []byte) (ClientKeyExchange, error) {
	var m ClientKeyExchange
	s := cryptobyte.String(body)
	if form.has(FormPSK) && !readOpaque16(&s, &m.Identity) {
		return ClientKeyExchange{}, ParseError{"client_key_exchange", "psk_identity"}
	}
	if form.has(FormECDHE) && (!readOpaque8(&s, &m.PublicKey) || len(m.PublicKey) == 0) {
		return ClientKeyExchange{}, ParseError{"client_key_exchange", "ecdh_yc"}
	}
	if !s.Empty() {
		return ClientKeyExchange{}, ParseError{"client_key_exchange", "length"}
	}
	return m, nil
}

// AppendTo appends the body of m in that form; nil when a field is too long.
func (m ClientKeyExchange) AppendTo(form KeyExchangeForm, b []byte) []byte {
	b = begin(b)
	if form.has(FormPSK) {
		b = opaque16(b, m.Identity)
	}
	if form.has(FormECDHE) {
		b = opaque8(b, m.PublicKey)
	}
	return b
}
