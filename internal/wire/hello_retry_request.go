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
