package wire

import "golang.org/x/crypto/cryptobyte"

// A NewSessionTicket13 is the new_session_ticket of DTLS 1.3: RFC 8446, Section 4.6.1.
type NewSessionTicket13 struct {
	Lifetime   uint32 // in seconds
	AgeAdd     uint32 // hides the age of the ticket
	Nonce      []byte // at most 255 bytes
	Ticket     []byte // at least one byte
	Extensions []byte // content of the extensions vector, which may be empty
}

// ParseNewSessionTicket13 parses the body of a new_session_ticket of DTLS 1.3; the extensions are left for
// ParseTicketExtensions. The slices of the result are views into body.
func ParseNewSessionTicket13(body []byte) (NewSessionTicket13, error) {
	var m NewSessionTicket13
	s := cryptobyte.String(body)
	if !s.ReadUint32(&m.Lifetime) {
		return NewSessionTicket13{}, ParseError{"new_session_ticket", "ticket_lifetime"}
	}
	if !s.ReadUint32(&m.AgeAdd) {
		return NewSessionTicket13{}, ParseError{"new_session_ticket", "ticket_age_add"}
	}
	if !readOpaque8(&s, &m.Nonce) {
		return NewSessionTicket13{}, ParseError{"new_session_ticket", "ticket_nonce"}
	}
	if !readOpaque16(&s, &m.Ticket) || len(m.Ticket) == 0 {
		return NewSessionTicket13{}, ParseError{"new_session_ticket", "ticket"}
	}
	if !readOpaque16(&s, &m.Extensions) || !s.Empty() {
		return NewSessionTicket13{}, ParseError{"new_session_ticket", "extensions"}
	}
	return m, nil
}

// AppendTo appends the body of m; nil when a field is too long.
func (m NewSessionTicket13) AppendTo(b []byte) []byte {
	b = append32(begin(b), m.Lifetime)
	b = append32(b, m.AgeAdd)
	b = opaque8(b, m.Nonce)
	b = opaque16(b, m.Ticket)
	return opaque16(b, m.Extensions)
}

// TicketExtensions are the extensions of a NewSessionTicket13 that dtlsd knows.
type TicketExtensions struct {
	HasEarlyData     bool
	MaxEarlyDataSize uint32 // bytes of early data that the server takes with the ticket

	// Present lists every extension that was parsed, in the order received. AppendTo ignores it.
	Present []Extension
}

// ParseTicketExtensions parses the extensions of a NewSessionTicket13. Unknown ones are skipped; known
// ones must be well-formed, and none may come twice.
func ParseTicketExtensions(raw []byte) (TicketExtensions, error) {
	var e TicketExtensions
	err := visitExtensions("new_session_ticket", raw, func(id Extension, s cryptobyte.String) error {
		e.Present = append(e.Present, id)
		if id != ExtensionEarlyData {
			return nil
		}
		e.HasEarlyData = true
		if !s.ReadUint32(&e.MaxEarlyDataSize) || !s.Empty() {
			return ParseError{"new_session_ticket", "early_data"}
		}
		return nil
	})
	if err != nil {
		return TicketExtensions{}, err
	}
	return e, nil
}

// AppendTo appends the content of an extensions vector, which may be nothing.
func (e TicketExtensions) AppendTo(b []byte) []byte {
	b = begin(b)
	if e.HasEarlyData {
		b = appendRaw(b, ExtensionEarlyData, append32([]byte{}, e.MaxEarlyDataSize))
	}
	return b
}
