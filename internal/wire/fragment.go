package wire

import "encoding/binary"

// FragmentHeaderLen is the length of a handshake header: RFC 6347, Section 4.2.2.
const FragmentHeaderLen = 12

// A Fragment is a part of a handshake message, or the whole of it: RFC 6347, Section 4.2.2.
type Fragment struct {
	Type   HandshakeType
	Length uint32 // of the whole message, 24 bits
	Seq    uint16 // message_seq
	Offset uint32 // of Body within the message, 24 bits
	Body   []byte
}

// ParseFragment reads the fragment at the start of b, the payload of a handshake record or what is left
// of one. The body is a view into b; rest is what follows the fragment.
func ParseFragment(b []byte) (f Fragment, rest []byte, err error) {
	if len(b) < FragmentHeaderLen {
		return Fragment{}, nil, ParseError{"handshake", "header"}
	}
	length, offset, n := uint24(b[1:]), uint24(b[6:]), uint24(b[9:])
	if uint64(len(b)) < FragmentHeaderLen+uint64(n) {
		return Fragment{}, nil, ParseError{"handshake", "fragment_length"}
	}
	if offset+n > length {
		return Fragment{}, nil, ParseError{"handshake", "fragment_offset"}
	}
	end := FragmentHeaderLen + int(n)
	return Fragment{
		Type:   HandshakeType(b[0]),
		Length: length,
		Seq:    binary.BigEndian.Uint16(b[4:]),
		Offset: offset,
		Body:   b[FragmentHeaderLen:end:end],
	}, b[end:], nil
}

// Whole reports whether f is a complete message.
func (f Fragment) Whole() bool { return int(f.Length) == len(f.Body) }

// AppendTo appends header and body.
func (f Fragment) AppendTo(b []byte) []byte {
	b = append(b, byte(f.Type), byte(f.Length>>16), byte(f.Length>>8), byte(f.Length))
	b = binary.BigEndian.AppendUint16(b, f.Seq)
	n := len(f.Body)
	b = append(b, byte(f.Offset>>16), byte(f.Offset>>8), byte(f.Offset), byte(n>>16), byte(n>>8), byte(n))
	return append(b, f.Body...)
}

// AppendMessageHeader appends the header of a message of length bytes as if it were sent in one
// fragment, which is how the transcript hashes every message: RFC 6347, Section 4.2.6.
func AppendMessageHeader(b []byte, t HandshakeType, seq uint16, length int) []byte {
	n := [3]byte{byte(length >> 16), byte(length >> 8), byte(length)}
	return append(b, byte(t), n[0], n[1], n[2], byte(seq>>8), byte(seq), 0, 0, 0, n[0], n[1], n[2])
}

// AppendMessageHeader13 appends the header with which DTLS 1.3 hashes a message of length bytes: that of
// TLS, without message_seq and fragments.
//
// RFC 9147, Section 5.2.
func AppendMessageHeader13(b []byte, t HandshakeType, length int) []byte {
	return append(b, byte(t), byte(length>>16), byte(length>>8), byte(length))
}

func uint24(b []byte) uint32 {
	return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
}
