package wire

import "golang.org/x/crypto/cryptobyte"

// A CertificateRequest13 is the certificate_request of DTLS 1.3: RFC 8446, Section 4.3.2.
type CertificateRequest13 struct {
	Context    []byte // at most 255 bytes; empty within a handshake
	Extensions []byte // content of the extensions vector
}

// ParseCertificateRequest13 parses the body of a certificate_request of DTLS 1.3; the extensions are left
// for ParseCertificateRequestExtensions.
func ParseCertificateRequest13(body []byte) (CertificateRequest13, error) {
	var m CertificateRequest13
	s := cryptobyte.String(body)
	if !readOpaque8(&s, &m.Context) {
		return CertificateRequest13{}, ParseError{"certificate_request", "certificate_request_context"}
	}
	if !readOpaque16(&s, &m.Extensions) || len(m.Extensions) == 0 || !s.Empty() {
		return CertificateRequest13{}, ParseError{"certificate_request", "extensions"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when a field is too long.
func (m CertificateRequest13) AppendTo(b []byte) []byte {
	return opaque16(opaque8(begin(b), m.Context), m.Extensions)
}

// CertificateRequestExtensions are the extensions of a CertificateRequest13 that dtlsd knows. The zero
// value of a field means that the extension is absent.
type CertificateRequestExtensions struct {
	SignatureAlgorithms     Uint16List // never absent in a legal message
	SignatureAlgorithmsCert Uint16List
	CertificateAuthorities  [][]byte // DER of distinguished names
	StatusRequest           bool     // an OCSP response is welcome

	// Present lists every extension that was parsed, in the order received. AppendTo ignores it.
	Present []Extension
}

// ParseCertificateRequestExtensions parses the extensions of a CertificateRequest13. Unknown ones and
// oid_filters are skipped; known ones must be well-formed, and none may come twice. Slices in the result
// are views into raw.
func ParseCertificateRequestExtensions(raw []byte) (CertificateRequestExtensions, error) {
	var e CertificateRequestExtensions
	err := visitExtensions("certificate_request", raw, func(id Extension, s cryptobyte.String) error {
		e.Present = append(e.Present, id)
		return e.parseOne(id, &s)
	})
	if err != nil {
		return CertificateRequestExtensions{}, err
	}
	return e, nil
}

func (e *CertificateRequestExtensions) parseOne(id Extension, s *cryptobyte.String) error {
	ok := true
	switch id {
	case ExtensionSignatureAlgorithms:
		ok = readList16(s, &e.SignatureAlgorithms)
	case ExtensionSignatureAlgorithmsCert:
		ok = readList16(s, &e.SignatureAlgorithmsCert)
	case ExtensionCertificateAuthorities:
		ok = readDistinguishedNames(s, &e.CertificateAuthorities) && len(e.CertificateAuthorities) > 0
	case ExtensionStatusRequest:
		// RFC 8446, Section 4.4.2.1: a server asks with an empty extension.
		e.StatusRequest = true
	default:
		return nil
	}
	if !ok || !s.Empty() {
		return ParseError{"certificate_request", id.String()}
	}
	return nil
}

// AppendTo appends the content of an extensions vector, which may be nothing; nil when a field is too
// long.
func (e CertificateRequestExtensions) AppendTo(b []byte) []byte {
	b = begin(b)
	if len(e.SignatureAlgorithms) > 0 {
		b = appendVector16(b, ExtensionSignatureAlgorithms, e.SignatureAlgorithms)
	}
	if len(e.SignatureAlgorithmsCert) > 0 {
		b = appendVector16(b, ExtensionSignatureAlgorithmsCert, e.SignatureAlgorithmsCert)
	}
	if len(e.CertificateAuthorities) > 0 {
		b = appendCertificateAuthorities(b, e.CertificateAuthorities)
	}
	if e.StatusRequest {
		b = appendFlag(b, ExtensionStatusRequest)
	}
	return b
}
