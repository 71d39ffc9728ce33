package wire

import "golang.org/x/crypto/cryptobyte"

// A ClientHello opens a handshake: RFC 6347, Section 4.2.1. To DTLS 1.3 only random, cipher suites and
// extensions mean something; its cookie is an extension: RFC 9147, Section 5.3.
type ClientHello struct {
	Version            Version
	Random             [32]byte
	SessionID          []byte // at most 32 bytes
	Cookie             []byte // at most 255 bytes; empty in a first hello
	CipherSuites       Uint16List
	CompressionMethods []byte
	Extensions         []byte // content of the extensions vector; nil when the message ends before it
}

// ParseClientHello parses the body of a client_hello without allocating. The slices of the result are
// views into body; the extensions are left for ParseClientExtensions.
func ParseClientHello(body []byte) (ClientHello, error) {
	var m ClientHello
	s := cryptobyte.String(body)
	if err := m.parsePrefix(&s); err != nil {
		return ClientHello{}, err
	}
	// RFC 5246, Section 7.4.1.2: extensions are there if bytes follow the compression methods.
	if s.Empty() {
		return m, nil
	}
	if !readOpaque16(&s, &m.Extensions) || !s.Empty() {
		return ClientHello{}, ParseError{"client_hello", "extensions"}
	}
	return m, nil
}

// ParseClientHelloPrefix parses the first bytes of a client_hello, as its first fragment carries them.
// It reports whether every field before the extensions is there and well-formed; Extensions stays nil.
// These are the fields that a cookie covers.
func ParseClientHelloPrefix(body []byte) (ClientHello, bool) {
	var m ClientHello
	s := cryptobyte.String(body)
	if m.parsePrefix(&s) != nil {
		return ClientHello{}, false
	}
	return m, true
}

// parsePrefix reads every field before the extensions.
func (m *ClientHello) parsePrefix(s *cryptobyte.String) error {
	if !s.ReadUint16((*uint16)(&m.Version)) {
		return ParseError{"client_hello", "client_version"}
	}
	if !s.CopyBytes(m.Random[:]) {
		return ParseError{"client_hello", "random"}
	}
	if !readOpaque8(s, &m.SessionID) || len(m.SessionID) > 32 {
		return ParseError{"client_hello", "session_id"}
	}
	if !readOpaque8(s, &m.Cookie) {
		return ParseError{"client_hello", "cookie"}
	}
	if !readList16(s, &m.CipherSuites) {
		return ParseError{"client_hello", "cipher_suites"}
	}
	if !readOpaque8(s, &m.CompressionMethods) || len(m.CompressionMethods) == 0 {
		return ParseError{"client_hello", "compression_methods"}
	}
	return nil
}

// AppendTo appends the body of m; nil when a field is too long.
func (m ClientHello) AppendTo(b []byte) []byte {
	b = append16(begin(b), uint16(m.Version))
	b = appendBytes(b, m.Random[:])
	b = opaque8(b, m.SessionID)
	b = opaque8(b, m.Cookie)
	b = opaque16(b, m.CipherSuites)
	b = opaque8(b, m.CompressionMethods)
	if m.Extensions != nil {
		b = opaque16(b, m.Extensions)
	}
	return b
}
