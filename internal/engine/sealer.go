package engine

import (
	"time"
)

// A Sealer encrypts and authenticates what leaves the process and comes back:
// session tickets and exported associations. Its keys may rotate with time.
// It must be safe for concurrent use if several owners share it.
type Sealer interface {
	Seal(now time.Time, plaintext []byte) ([]byte, error)
	// Open reports false for what it did not seal, or whose key is gone.
	Open(now time.Time, sealed []byte) ([]byte, bool)
}

// sealTicket puts a session into a ticket (RFC 5077, Section 4).
func sealTicket(s Sealer, now time.Time, session *SessionState) ([]byte, error) {
	return s.Seal(now, session.Marshal())
}

// openTicket returns the session in a ticket, or nil: a ticket that cannot be
// used leads to a full handshake (RFC 5077, Section 3.1).
func openTicket(s Sealer, now time.Time, ticket []byte) *SessionState {
	plaintext, ok := s.Open(now, ticket)
	if !ok {
		return nil
	}
	session, err := ParseSessionState(plaintext)
	if err != nil {
		return nil
	}
	return session
}
