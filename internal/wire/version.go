package wire

import "fmt"

// A Version is a ProtocolVersion as it stands in records and hellos. DTLS counts downwards: the larger
// the number, the older the protocol.
//
// RFC 6347, Section 4.1.
type Version uint16

// The versions of DTLS. There is no DTLS 1.1.
const (
	VersionDTLS10 Version = 0xfeff
	VersionDTLS12 Version = 0xfefd
	VersionDTLS13 Version = 0xfefc
)

func (v Version) String() string {
	switch v {
	case VersionDTLS10:
		return "DTLS 1.0"
	case VersionDTLS12:
		return "DTLS 1.2"
	case VersionDTLS13:
		return "DTLS 1.3"
	}
	return fmt.Sprintf("version 0x%04x", uint16(v))
}
