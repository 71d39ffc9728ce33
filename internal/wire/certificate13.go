package wire

import "golang.org/x/crypto/cryptobyte"

// A Certificate13 is the certificate message of DTLS 1.3: RFC 8446, Section 4.4.2.
type Certificate13 struct {
	Context []byte // certificate_request_context, at most 255 bytes; empty within a handshake
	Entries []CertificateEntry
}

// A CertificateEntry is one certificate of a chain, leaf first, or the one raw public key.
type CertificateEntry struct {
	Data       []byte // DER of a certificate or of a SubjectPublicKeyInfo, as the type negotiated says
	Extensions []byte // content of the extensions vector, which may be empty
}

// ParseCertificate13 parses the body of a certificate message of DTLS 1.3; the extensions are left for
// ParseCertificateExtensions. The slices of the result are views into body.
func ParseCertificate13(body []byte) (Certificate13, error) {
	var m Certificate13
	var list []byte
	s := cryptobyte.String(body)
	if !readOpaque8(&s, &m.Context) {
		return Certificate13{}, ParseError{"certificate", "certificate_request_context"}
	}
	if !readOpaque24(&s, &list) || !s.Empty() {
		return Certificate13{}, ParseError{"certificate", "certificate_list"}
	}
	for rest := cryptobyte.String(list); !rest.Empty(); {
		var entry CertificateEntry
		if !readOpaque24(&rest, &entry.Data) || len(entry.Data) == 0 {
			return Certificate13{}, ParseError{"certificate", "cert_data"}
		}
		if !readOpaque16(&rest, &entry.Extensions) {
			return Certificate13{}, ParseError{"certificate", "extensions"}
		}
		m.Entries = append(m.Entries, entry)
	}
	return m, nil
}

// AppendTo appends the body of m; nil when a field is too long.
func (m Certificate13) AppendTo(b []byte) []byte {
	b = opaque8(begin(b), m.Context)
	return vec24(b, func(b []byte) []byte {
		for _, entry := range m.Entries {
			b = opaque24(b, entry.Data)
			b = opaque16(b, entry.Extensions)
		}
		return b
	})
}

// CertificateExtensions are the extensions of a CertificateEntry that dtlsd knows.
type CertificateExtensions struct {
	OCSPResponse []byte // DER; nil when there is none

	// Present lists every extension that was parsed, in the order received: whoever asked for the
	// certificate has to check that it offered each of them. AppendTo ignores it.
	Present []Extension
}

// ParseCertificateExtensions parses the extensions of a CertificateEntry. The content of unknown ones is
// skipped; known ones must be well-formed, and none may come twice. Slices in the result are views into
// raw.
func ParseCertificateExtensions(raw []byte) (CertificateExtensions, error) {
	var e CertificateExtensions
	err := visitExtensions("certificate", raw, func(id Extension, s cryptobyte.String) error {
		e.Present = append(e.Present, id)
		if id == ExtensionStatusRequest && (!readCertificateStatus(&s, &e.OCSPResponse) || !s.Empty()) {
			return ParseError{"certificate", "status_request"}
		}
		return nil
	})
	if err != nil {
		return CertificateExtensions{}, err
	}
	return e, nil
}

// AppendTo appends the content of an extensions vector, which may be nothing; nil when the response is
// too long.
func (e CertificateExtensions) AppendTo(b []byte) []byte {
	b = begin(b)
	if len(e.OCSPResponse) > 0 {
		b = appendCertificateStatus(b, e.OCSPResponse)
	}
	return b
}
