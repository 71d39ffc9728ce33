package wire

import "golang.org/x/crypto/cryptobyte"

// A HelloVerifyRequest asks a client to repeat its hello with a cookie: RFC 6347, Section 4.2.1.
type HelloVerifyRequest struct {
	Version Version
	Cookie  []byte // at most 255 bytes
}

// ParseHelloVerifyRequest parses the body of a hello_verify_request.
func ParseHelloVerifyRequest(body []byte) (HelloVerifyRequest, error) {
	var m HelloVerifyRequest
	s := cryptobyte.String(body)
	if !s.ReadUint16((*uint16)(&m.Version)) {
		return HelloVerifyRequest{}, ParseError{"hello_verify_request", "server_version"}
	}
	if !readOpaque8(&s, &m.Cookie) || !s.Empty() {
		return HelloVerifyRequest{}, ParseError{"hello_verify_request", "cookie"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when the cookie is too long.
func (m HelloVerifyRequest) AppendTo(b []byte) []byte {
	b = append16(begin(b), uint16(m.Version))
	return opaque8(b, m.Cookie)
}
