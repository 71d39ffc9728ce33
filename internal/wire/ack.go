package wire

import "golang.org/x/crypto/cryptobyte"

// An ACK lists records of the handshake that its sender received and processed: RFC 9147, Section 7.
//
// As the list is a view of the record that it came in, a peer cannot make it take memory.
type ACK struct {
	Records RecordNumberList // may be empty
}

// ParseACK parses the content of an ack record. The list is a view into b.
func ParseACK(b []byte) (ACK, error) {
	var list []byte
	s := cryptobyte.String(b)
	if !readOpaque16(&s, &list) || len(list)%recordNumberLen != 0 || !s.Empty() {
		return ACK{}, ParseError{"ack", "record_numbers"}
	}
	return ACK{list}, nil
}

// AppendTo appends the content of a; nil when the list is too long.
func (a ACK) AppendTo(b []byte) []byte { return opaque16(begin(b), a.Records) }
