package engine

import (
	"crypto"
	"crypto/hmac"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// An offeredPSK is a pre-shared key that a client offers and that both have.
type offeredPSK struct {
	index   int
	binder  []byte
	key     []byte
	hash    crypto.Hash
	kind    suite.PSKKind
	secret  *suite.PSKSecret
	session *SessionState // of a ticket; nil with an external key
}

// externalHash is the hash that external keys go with, as they come without
// one.
//
// RFC 8446, Section 4.2.11: "If no hash is defined, then SHA-256 MUST be used."
const externalHash = crypto.SHA256

// maxOfferedPSKs is how many keys of a client are looked at. Each may cost a
// look-up.
const maxOfferedPSKs = 4

// findPSK looks for a key that both have.
func (s *server13) findPSK(now time.Time) (state, error) {
	if len(s.ext.PSKKeyExchangeModes) == 0 {
		return s.negotiate(now)
	}
	var list []offeredIdentity
	binders := s.ext.PreSharedKey.Binders.All()
	for identity := range s.ext.PreSharedKey.Identities.All() {
		if len(list) < maxOfferedPSKs {
			list = append(list, offeredIdentity{name: identity.Identity, aged: identity.ObfuscatedTicketAge != 0})
		}
	}
	i := 0
	for binder := range binders {
		if i < len(list) {
			list[i].binder = binder
		}
		i++
	}
	return s.tryPSKs(now, list, 0)
}

type offeredIdentity struct {
	name, binder []byte
	aged         bool // the client tells an age, as of a ticket
}

// tryPSKs takes the first key, from the one with that index on, that is a ticket
// of ours or that the owner knows.
func (s *server13) tryPSKs(now time.Time, list []offeredIdentity, i int) (state, error) {
	if i == len(list) {
		return s.withoutPSK(now, list)
	}
	offered := list[i]
	next := func(now time.Time) (state, error) { return s.tryPSKs(now, list, i+1) }
	if session := s.openTicket(now, offered.name); session != nil {
		return s.welcome(now, session, func(now time.Time, ok bool) (state, error) {
			if !ok {
				return next(now)
			}
			chosen := suite.Lookup13(session.Suite)
			return s.usePSK(now, offeredPSK{
				index: i, binder: offered.binder, key: session.Master[:chosen.Hash.Size()],
				hash: chosen.Hash, kind: suite.ResumptionPSK, session: session,
			})
		})
	}
	if !s.a.cfg.Policy.PSK {
		return next(now)
	}
	if len(offered.name) > maxIdentity {
		s.a.drop(wire.DropIdentityTooLong)
		return next(now)
	}
	return ask(s.handshake, Event{Kind: EventLookupPSK, Data: offered.name, Ticket: offered.aged}, func(now time.Time, r PSK) (state, error) {
		psk := offeredPSK{index: i, binder: offered.binder, key: r.Key, hash: externalHash, kind: suite.ExternalPSK}
		if zero(r.Key) || offered.aged && !s.provesAtAll(psk) { // DTLS 1.3 has no key of zeros
			return next(now)
		}
		s.result.Identity = offered.name
		return s.usePSK(now, psk)
	})
}

// provesAtAll tells a key from a ticket of somebody else's that an owner has a key
// for, as it has one for everybody.
func (s *server13) provesAtAll(psk offeredPSK) bool {
	var err error
	if psk.secret, err = suite.NewPSKSecret(psk.hash, psk.key); err != nil {
		return false
	}
	defer psk.secret.Wipe()
	return s.proves(&psk)
}

// proves reports whether the binder of a key shows that the client has it. The
// binders are at the end of the hello, over what is before them.
//
// RFC 8446, Section 4.2.11.2.
func (s *server13) proves(psk *offeredPSK) bool {
	truncated := s.body[:len(s.body)-s.ext.PreSharedKey.BindersLen()]
	sum := s.transcriptBefore(psk.hash).truncated(truncated, len(s.body))
	return hmac.Equal(psk.secret.Binder(psk.kind, sum), psk.binder)
}

// withoutPSK goes on when no key is known. A server with nothing else than keys
// goes on with a random one: an unknown identity then ends the handshake at the
// same place and with the same alert as a wrong key.
//
// RFC 8446, Appendix E.6.
func (s *server13) withoutPSK(now time.Time, list []offeredIdentity) (state, error) {
	if !s.a.cfg.Policy.PSK || len(s.credentials) > 0 || len(list) == 0 {
		return s.negotiate(now)
	}
	decoy := make([]byte, decoyLen)
	if err := s.random(decoy); err != nil {
		return s.state, err
	}
	s.result.Identity = list[0].name
	return s.usePSK(now, offeredPSK{binder: list[0].binder, key: decoy, hash: externalHash, kind: suite.ExternalPSK})
}

func (s *server13) usePSK(now time.Time, psk offeredPSK) (state, error) {
	secret, err := suite.NewPSKSecret(psk.hash, psk.key)
	if err != nil {
		return s.state, err
	}
	psk.secret = secret
	s.psk = psk
	if session := psk.session; session != nil {
		s.result.Resumed = true
		s.result.Identity = session.Identity
		s.result.PeerChain, s.result.PeerKeyType = session.PeerChain, session.PeerKeyType
	}
	return s.negotiate(now)
}

// openTicket returns the session in a ticket, if it is one of ours and may be
// resumed with this hello.
func (s *server13) openTicket(now time.Time, ticket []byte) *SessionState {
	if s.a.cfg.Tickets == nil {
		return nil
	}
	session := openTicket(s.a.cfg.Tickets, now, ticket)
	if session == nil || !s.resumable(now, session) {
		return nil
	}
	return session
}

func (s *server13) resumable(now time.Time, session *SessionState) bool {
	return s.permits13(suite.Lookup13(session.Suite), session) &&
		session.resumable(now, s.a.cfg.SessionLife) &&
		session.ServerName == s.ext.ServerName &&
		(s.a.cfg.ClientAuth != RequireClientCert || session.usesPSK() || len(session.PeerChain) > 0)
}
