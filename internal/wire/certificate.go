package wire

import "golang.org/x/crypto/cryptobyte"

// A Certificate message carries a chain of X.509 certificates: RFC 5246, Section 7.4.2.
type Certificate struct {
	Chain [][]byte // DER, leaf first; empty when a client has none
}

// ParseCertificate parses the body of a certificate message. The certificates are views into body.
func ParseCertificate(body []byte) (Certificate, error) {
	var m Certificate
	var list []byte
	s := cryptobyte.String(body)
	if !readOpaque24(&s, &list) || !s.Empty() {
		return Certificate{}, ParseError{"certificate", "certificate_list"}
	}
	for rest := cryptobyte.String(list); !rest.Empty(); {
		var der []byte
		if !readOpaque24(&rest, &der) || len(der) == 0 {
			return Certificate{}, ParseError{"certificate", "certificate_list"}
		}
		m.Chain = append(m.Chain, der)
	}
	return m, nil
}

// AppendTo appends the body of m; nil when a certificate or the chain is too long.
func (m Certificate) AppendTo(b []byte) []byte {
	return vec24(begin(b), func(b []byte) []byte {
		for _, der := range m.Chain {
			b = opaque24(b, der)
		}
		return b
	})
}

// A RawPublicKey is what a certificate message carries when the certificate type negotiated is
// CertificateTypeRawPublicKey: RFC 7250, Section 3.
type RawPublicKey struct {
	SPKI []byte // DER of a SubjectPublicKeyInfo; empty when a client has none
}

// ParseRawPublicKey parses the body of a certificate message that holds a raw public key.
func ParseRawPublicKey(body []byte) (RawPublicKey, error) {
	var m RawPublicKey
	s := cryptobyte.String(body)
	if !readOpaque24(&s, &m.SPKI) || !s.Empty() {
		return RawPublicKey{}, ParseError{"certificate", "subject_public_key_info"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when the key is too long.
func (m RawPublicKey) AppendTo(b []byte) []byte { return opaque24(begin(b), m.SPKI) }
