package engine

import (
	"encoding/binary"
	"io"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// issueTickets gives the client tickets to resume with, if it can use them. The
// age of a session that was resumed goes on.
//
// RFC 8446, Section 4.6.1.
func (s *server13) issueTickets(now time.Time, resumption suite.Secret) error {
	cfg := s.a.cfg
	if cfg.Tickets == nil || !s.takesTickets() {
		return nil
	}
	letters := make([]letter, cfg.TicketCount)
	for i := range letters {
		nonce := []byte{byte(i)}
		session := s.ticketSession(now, s.a.suite13.TicketPSK(resumption, nonce))
		if session.usesPSK() {
			session.KeyProof = proveKey(s.provenKey(), &session.Master)
		}
		ticket, err := sealTicket(cfg.Tickets, now, session)
		if err != nil {
			return err
		}
		var ageAdd [4]byte
		if _, err := io.ReadFull(cfg.Rand, ageAdd[:]); err != nil {
			return err
		}
		m := wire.NewSessionTicket13{
			Lifetime: uint32(min(cfg.SessionLife, maxTicketLife) / time.Second),
			AgeAdd:   binary.BigEndian.Uint32(ageAdd[:]),
			Nonce:    nonce,
			Ticket:   ticket,
		}
		letters[i] = letter{wire.TypeNewSessionTicket, m.AppendTo(nil)}
	}
	return s.a.post(now, letters...)
}

// maxTicketLife bounds the lifetime of a ticket.
//
// RFC 8446, Section 4.6.1: "Servers MUST NOT use any value greater than 604800
// seconds (7 days)."
const maxTicketLife = 7 * 24 * time.Hour

// takesTickets reports whether the client can resume in a mode that we take.
func (s *server13) takesTickets() bool {
	modes := s.ext.PSKKeyExchangeModes
	return slices.Contains(modes, wire.PSKModeDHEKE) ||
		s.a.cfg.Policy.PlainPSK && slices.Contains(modes, wire.PSKModeKE)
}

// provenKey returns the external key that the session began with.
func (s *server13) provenKey() []byte {
	if s.psk.session != nil {
		return s.ownerKey
	}
	return s.psk.key
}

// ticketSession returns what a ticket with that key resumes.
func (s *server13) ticketSession(now time.Time, psk suite.Secret) *SessionState {
	session := s.a.session13(now, psk)
	if s.psk.session != nil {
		session.Created = s.psk.session.Created
	}
	return session
}

// session13 returns what a later handshake can resume of this one with a key
// that goes with a ticket.
func (a *Association) session13(now time.Time, psk suite.Secret) *SessionState {
	session := &SessionState{
		Suite:                a.suite13.ID,
		Created:              now.Unix(),
		ExtendedMasterSecret: true,
		ServerName:           a.State().ServerName,
		Identity:             a.State().Identity,
		PeerChain:            a.State().PeerChain,
		PeerKeyType:          a.State().PeerKeyType,
	}
	copy(session.Master[:], psk)
	psk.Wipe()
	return session
}

// receiveTicket derives the key that goes with a ticket, and offers the session
// to the owner.
func (a *Association) receiveTicket(now time.Time, m message) error {
	ticket, err := wire.ParseNewSessionTicket13(m.body)
	if err != nil {
		return err
	}
	if _, err := wire.ParseTicketExtensions(ticket.Extensions); err != nil {
		return err
	}
	if !a.cfg.SessionCache || ticket.Lifetime == 0 {
		return nil
	}
	session := a.session13(now, a.suite13.TicketPSK(a.resumption, ticket.Nonce))
	session.Ticket = ticket.Ticket
	session.AgeAdd = ticket.AgeAdd
	session.Received = now.UnixMilli()
	session.Lifetime = min(ticket.Lifetime, uint32(maxTicketLife/time.Second))
	a.ws.push(Event{Kind: EventStoreSession, Session: session})
	return nil
}
