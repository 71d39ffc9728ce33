package wire

import "golang.org/x/crypto/cryptobyte"

// helloRetryRequestRandom is the SHA-256 of "HelloRetryRequest": RFC 8446, Section 4.1.3.
const helloRetryRequestRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91" +
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// HelloRetryRequestRandom returns the random that makes a ServerHello a HelloRetryRequest.
func HelloRetryRequestRandom() (random [32]byte) {
	copy(random[:], helloRetryRequestRandom)
	return random
}

// IsHelloRetryRequest reports whether m asks for another ClientHello: RFC 8446, Section 4.1.4.
func (m ServerHello) IsHelloRetryRequest() bool {
	return string(m.Random[:]) == helloRetryRequestRandom
}

// MessageName returns what a message of that type is called. A HelloRetryRequest has
// the type of a ServerHello, and is told from one by its random: RFC 8446, Section 4.1.3.
func MessageName(t HandshakeType, body []byte) string {
	const from, to = 2, 2 + 32
	if t == TypeServerHello && len(body) >= to && string(body[from:to]) == helloRetryRequestRandom {
		return "hello_retry_request"
	}
	return t.String()
}

// A HelloRetryRequest asks for another ClientHello, in the form in which dtlsd sends it: the ServerHello that
// another server sends may have its extensions in another order, and is parsed as one.
type HelloRetryRequest struct {
	CipherSuite CipherSuite
	Group       Group  // to send a key share of; 0 if the shares are to stay
	Cookie      []byte // empty for none
}

// AppendTo appends the body of the server_hello that m is; nil when the cookie is too long.
//
// RFC 9147, Section 5: "DTLS servers MUST NOT echo the "legacy_session_id" value from the client".
func (m HelloRetryRequest) AppendTo(b []byte) []byte {
	b = append16(begin(b), uint16(VersionDTLS12)) // RFC 9147, Section 5.4
	b = append(b, helloRetryRequestRandom...)
	b = opaque8(b, nil)
	b = append16(b, uint16(m.CipherSuite))
	b = append8(b, 0)
	return vec16(b, m.appendExtensions)
}

func (m HelloRetryRequest) appendExtensions(b []byte) []byte {
	b = appendNumber(b, ExtensionSupportedVersions, uint16(VersionDTLS13))
	if m.Group != 0 {
		b = appendNumber(b, ExtensionKeyShare, uint16(m.Group))
	}
	if len(m.Cookie) > 0 {
		b = appendVector16(b, ExtensionCookie, m.Cookie)
	}
	return b
}

// appendNumber appends an extension whose content is that number.
func appendNumber(b []byte, id Extension, n uint16) []byte {
	return append16(append16(append16(b, uint16(id)), 2), n)
}

// The last bytes of the random of a server that could speak DTLS 1.3 and chose less:
// RFC 8446, Section 4.1.3.
const (
	DowngradeDTLS12 = "DOWNGRD\x01" // chose DTLS 1.2
	DowngradeDTLS10 = "DOWNGRD\x00" // chose DTLS 1.0
)

// HasDowngradeSentinel reports whether the random of m says that the server could have chosen a later
// version.
func (m ServerHello) HasDowngradeSentinel() bool {
	end := string(m.Random[len(m.Random)-len(DowngradeDTLS12):])
	return end == DowngradeDTLS12 || end == DowngradeDTLS10
}

// SelectedVersion returns the version that the server chose: that of supported_versions, or else that of
// the message itself. It comes before ParseServerExtensions or ParseServerExtensions13, as it tells which.
//
// RFC 8446, Section 4.2.1.
func (m ServerHello) SelectedVersion() (Version, error) {
	selected := m.Version
	err := visitExtensions("server_hello", m.Extensions, func(id Extension, s cryptobyte.String) error {
		if id == ExtensionSupportedVersions && (!s.ReadUint16((*uint16)(&selected)) || !s.Empty()) {
			return ParseError{"server_hello", "supported_versions"}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return selected, nil
}
