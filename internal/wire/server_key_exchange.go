package wire

import "golang.org/x/crypto/cryptobyte"

// namedCurve is the only curve_type left: RFC 8422, Section 5.4.
const namedCurve = 3

// A ServerKeyExchange carries what the key exchange of the suite needs from the server. Which fields it
// has is the suite's KeyExchangeForm: RFC 4279, Section 2; RFC 5489, Section 2; RFC 8422, Section 5.4.
type ServerKeyExchange struct {
	IdentityHint []byte          // FormPSK
	Group        Group           // FormECDHE
	PublicKey    []byte          // FormECDHE
	Scheme       SignatureScheme // FormSigned
	Signature    []byte          // FormSigned

	// Params is the part of a parsed message that the signature covers: the output of AppendParams.
	// AppendTo ignores it.
	Params []byte
}

// ParseServerKeyExchange parses the body of a server_key_exchange of that form. The slices of the result
// are views into body.
func ParseServerKeyExchange(form KeyExchangeForm, body []byte) (ServerKeyExchange, error) {
	var m ServerKeyExchange
	s := cryptobyte.String(body)
	if err := m.parse(form, &s); err != nil {
		return ServerKeyExchange{}, err
	}
	if !s.Empty() {
		return ServerKeyExchange{}, ParseError{"server_key_exchange", "length"}
	}
	return m, nil
}

func (m *ServerKeyExchange) parse(form KeyExchangeForm, s *cryptobyte.String) error {
	if form.has(FormPSK) && !readOpaque16(s, &m.IdentityHint) {
		return ParseError{"server_key_exchange", "psk_identity_hint"}
	}
	if form.has(FormECDHE) {
		if err := m.parseParams(s); err != nil {
			return err
		}
	}
	if !form.has(FormSigned) {
		return nil
	}
	if !s.ReadUint16((*uint16)(&m.Scheme)) {
		return ParseError{"server_key_exchange", "algorithm"}
	}
	if !readOpaque16(s, &m.Signature) {
		return ParseError{"server_key_exchange", "signature"}
	}
	return nil
}

// parseParams reads the ServerECDHParams.
func (m *ServerKeyExchange) parseParams(s *cryptobyte.String) error {
	whole := *s
	var curveType uint8
	if !s.ReadUint8(&curveType) {
		return ParseError{"server_key_exchange", "curve_type"}
	}
	if curveType != namedCurve {
		return IllegalError{"server_key_exchange", "curve_type"}
	}
	if !s.ReadUint16((*uint16)(&m.Group)) {
		return ParseError{"server_key_exchange", "namedcurve"}
	}
	if !readOpaque8(s, &m.PublicKey) || len(m.PublicKey) == 0 {
		return ParseError{"server_key_exchange", "public"}
	}
	m.Params = whole[:len(whole)-len(*s)]
	return nil
}

// AppendTo appends the body of m in that form; nil when a field is too long.
func (m ServerKeyExchange) AppendTo(form KeyExchangeForm, b []byte) []byte {
	b = begin(b)
	if form.has(FormPSK) {
		b = opaque16(b, m.IdentityHint)
	}
	if form.has(FormECDHE) {
		b = m.appendParams(b)
	}
	if form.has(FormSigned) {
		b = append16(b, uint16(m.Scheme))
		b = opaque16(b, m.Signature)
	}
	return b
}

// AppendParams appends the ServerECDHParams, the part that the server signs after the two randoms; nil
// when the public key is too long.
func (m ServerKeyExchange) AppendParams(b []byte) []byte { return m.appendParams(begin(b)) }

func (m ServerKeyExchange) appendParams(b []byte) []byte {
	b = append8(b, namedCurve)
	b = append16(b, uint16(m.Group))
	return opaque8(b, m.PublicKey)
}
