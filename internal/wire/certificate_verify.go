package wire

import "golang.org/x/crypto/cryptobyte"

// A CertificateVerify proves that the client owns its certificate: RFC 5246, Section 7.4.8.
type CertificateVerify struct {
	Scheme    SignatureScheme
	Signature []byte
}

// ParseCertificateVerify parses the body of a certificate_verify. The signature is a view into body.
func ParseCertificateVerify(body []byte) (CertificateVerify, error) {
	var m CertificateVerify
	s := cryptobyte.String(body)
	if !s.ReadUint16((*uint16)(&m.Scheme)) {
		return CertificateVerify{}, ParseError{"certificate_verify", "algorithm"}
	}
	if !readOpaque16(&s, &m.Signature) || !s.Empty() {
		return CertificateVerify{}, ParseError{"certificate_verify", "signature"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when the signature is too long.
func (m CertificateVerify) AppendTo(b []byte) []byte {
	b = append16(begin(b), uint16(m.Scheme))
	return opaque16(b, m.Signature)
}
