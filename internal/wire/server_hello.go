package wire

import "golang.org/x/crypto/cryptobyte"

// A ServerHello answers a ClientHello with what the server chose: RFC 5246, Section 7.4.1.3.
type ServerHello struct {
	Version           Version
	Random            [32]byte
	SessionID         []byte // at most 32 bytes
	CipherSuite       CipherSuite
	CompressionMethod uint8
	Extensions        []byte // content of the extensions vector; nil when the message ends before it
}

// ParseServerHello parses the body of a server_hello; the extensions are left for ParseServerExtensions.
func ParseServerHello(body []byte) (ServerHello, error) {
	var m ServerHello
	s := cryptobyte.String(body)
	if err := m.parse(&s); err != nil {
		return ServerHello{}, err
	}
	return m, nil
}

func (m *ServerHello) parse(s *cryptobyte.String) error {
	if !s.ReadUint16((*uint16)(&m.Version)) {
		return ParseError{"server_hello", "server_version"}
	}
	if !s.CopyBytes(m.Random[:]) {
		return ParseError{"server_hello", "random"}
	}
	if !readOpaque8(s, &m.SessionID) || len(m.SessionID) > 32 {
		return ParseError{"server_hello", "session_id"}
	}
	if !s.ReadUint16((*uint16)(&m.CipherSuite)) {
		return ParseError{"server_hello", "cipher_suite"}
	}
	if !s.ReadUint8(&m.CompressionMethod) {
		return ParseError{"server_hello", "compression_method"}
	}
	// RFC 5246, Section 7.4.1.3: extensions are there if bytes follow the compression method.
	if !s.Empty() && (!readOpaque16(s, &m.Extensions) || !s.Empty()) {
		return ParseError{"server_hello", "extensions"}
	}
	return nil
}

// AppendTo appends the body of m; nil when a field is too long.
func (m ServerHello) AppendTo(b []byte) []byte {
	b = append16(begin(b), uint16(m.Version))
	b = appendBytes(b, m.Random[:])
	b = opaque8(b, m.SessionID)
	b = append16(b, uint16(m.CipherSuite))
	b = append8(b, m.CompressionMethod)
	if m.Extensions != nil {
		b = opaque16(b, m.Extensions)
	}
	return b
}
