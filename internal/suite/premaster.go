package suite

import "encoding/binary"

// PSKPremaster returns the premaster secret of the exchanges that use the
// pre-shared key psk: other and psk, each behind its length. In ECDHE_PSK
// other is the shared secret of the key agreement (RFC 5489, Section 2); in
// plain PSK it is nil, which stands for as many zeros as psk has bytes
// (RFC 4279, Section 2). Both are at most 65535 bytes long.
func PSKPremaster(other, psk []byte) []byte {
	if other == nil {
		other = make([]byte, len(psk))
	}
	b := make([]byte, 0, 4+len(other)+len(psk))
	b = binary.BigEndian.AppendUint16(b, uint16(len(other)))
	b = append(b, other...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(psk)))
	return append(b, psk...)
}
