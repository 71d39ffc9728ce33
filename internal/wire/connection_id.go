package wire

import "golang.org/x/crypto/cryptobyte"

// A RequestConnectionID asks for connection IDs to be used later: RFC 9147, Section 9.
type RequestConnectionID struct {
	Count uint8 // num_cids
}

// ParseRequestConnectionID parses the body of a request_connection_id.
func ParseRequestConnectionID(body []byte) (RequestConnectionID, error) {
	if len(body) != 1 {
		return RequestConnectionID{}, ParseError{"request_connection_id", "num_cids"}
	}
	return RequestConnectionID{body[0]}, nil
}

// AppendTo appends the body of m.
func (m RequestConnectionID) AppendTo(b []byte) []byte { return append(b, m.Count) }

// A ConnectionIDUsage says from when on new connection IDs are to be used: RFC 9147, Section 9.
type ConnectionIDUsage uint8

// The usages.
const (
	CIDImmediate ConnectionIDUsage = 0 // instead of the present one, at once
	CIDSpare     ConnectionIDUsage = 1 // when the receiver finds it useful
)

// A NewConnectionID gives the peer connection IDs to be used in the records that it sends:
// RFC 9147, Section 9.
type NewConnectionID struct {
	CIDs  Opaque8List // may be empty
	Usage ConnectionIDUsage
}

// ParseNewConnectionID parses the body of a new_connection_id. The list is a view into body.
func ParseNewConnectionID(body []byte) (NewConnectionID, error) {
	var m NewConnectionID
	s := cryptobyte.String(body)
	if !readOpaque16(&s, (*[]byte)(&m.CIDs)) {
		return NewConnectionID{}, ParseError{"new_connection_id", "cids"}
	}
	if _, ok := m.CIDs.count(0); !ok {
		return NewConnectionID{}, ParseError{"new_connection_id", "cids"}
	}
	if !s.ReadUint8((*uint8)(&m.Usage)) || !s.Empty() {
		return NewConnectionID{}, ParseError{"new_connection_id", "usage"}
	}
	if m.Usage > CIDSpare {
		return NewConnectionID{}, IllegalError{"new_connection_id", "usage"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when the list is too long.
func (m NewConnectionID) AppendTo(b []byte) []byte {
	return append8(opaque16(begin(b), m.CIDs), uint8(m.Usage))
}
