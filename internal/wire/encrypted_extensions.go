package wire

import "golang.org/x/crypto/cryptobyte"

// EncryptedExtensions is where a server of DTLS 1.3 answers most extensions: RFC 8446, Section 4.3.1.
type EncryptedExtensions struct {
	Extensions []byte // content of the extensions vector, which may be empty
}

// ParseEncryptedExtensions parses the body of an encrypted_extensions; the extensions are left for
// ParseServerExtensions13.
func ParseEncryptedExtensions(body []byte) (EncryptedExtensions, error) {
	var m EncryptedExtensions
	s := cryptobyte.String(body)
	if !readOpaque16(&s, &m.Extensions) || !s.Empty() {
		return EncryptedExtensions{}, ParseError{"encrypted_extensions", "extensions"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when the extensions are too long.
func (m EncryptedExtensions) AppendTo(b []byte) []byte { return opaque16(begin(b), m.Extensions) }
