package wire

import "golang.org/x/crypto/cryptobyte"

// The client certificate types that match the signature algorithms of dtlsd.
const (
	ClientCertificateRSA   uint8 = 1  // rsa_sign: RFC 5246, Section 7.4.4
	ClientCertificateECDSA uint8 = 64 // ecdsa_sign, Ed25519 too: RFC 8422, Section 5.5
)

// A CertificateRequest asks the client for a certificate: RFC 5246, Section 7.4.4.
type CertificateRequest struct {
	Types       []byte // ClientCertificate numbers
	Schemes     Uint16List
	Authorities [][]byte // DER of distinguished names; empty when any will do
}

// ParseCertificateRequest parses the body of a certificate_request. The slices of the result are views
// into body.
func ParseCertificateRequest(body []byte) (CertificateRequest, error) {
	var m CertificateRequest
	s := cryptobyte.String(body)
	if !readOpaque8(&s, &m.Types) || len(m.Types) == 0 {
		return CertificateRequest{}, ParseError{"certificate_request", "certificate_types"}
	}
	if !readList16(&s, &m.Schemes) {
		return CertificateRequest{}, ParseError{"certificate_request", "supported_signature_algorithms"}
	}
	if !readDistinguishedNames(&s, &m.Authorities) || !s.Empty() {
		return CertificateRequest{}, ParseError{"certificate_request", "certificate_authorities"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when a field is too long.
func (m CertificateRequest) AppendTo(b []byte) []byte {
	b = opaque8(begin(b), m.Types)
	b = opaque16(b, m.Schemes)
	return appendDistinguishedNames(b, m.Authorities)
}
