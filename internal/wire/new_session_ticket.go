package wire

import "golang.org/x/crypto/cryptobyte"

// A NewSessionTicket gives the client a ticket for resumption: RFC 5077, Section 3.3.
type NewSessionTicket struct {
	Lifetime uint32 // ticket_lifetime_hint in seconds; 0 leaves it to the client
	Ticket   []byte // may be empty: the server changed its mind
}

// ParseNewSessionTicket parses the body of a new_session_ticket. The ticket is a view into body.
func ParseNewSessionTicket(body []byte) (NewSessionTicket, error) {
	var m NewSessionTicket
	s := cryptobyte.String(body)
	if !s.ReadUint32(&m.Lifetime) {
		return NewSessionTicket{}, ParseError{"new_session_ticket", "ticket_lifetime_hint"}
	}
	if !readOpaque16(&s, &m.Ticket) || !s.Empty() {
		return NewSessionTicket{}, ParseError{"new_session_ticket", "ticket"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when the ticket is too long.
func (m NewSessionTicket) AppendTo(b []byte) []byte {
	return opaque16(append32(begin(b), m.Lifetime), m.Ticket)
}
