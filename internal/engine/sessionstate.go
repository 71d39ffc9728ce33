package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

const (
	// DefaultSessionLife is how long a session may be resumed:
	// RFC 5246, Appendix F.1.4 suggests a day at most.
	DefaultSessionLife = 12 * time.Hour

	sessionIDLen        = 32
	sessionStateVersion = 3
)

// ErrSessionState says that bytes are not a session of this version.
var ErrSessionState = errors.New("not a session state, or of another version")

// A SessionState is what a later handshake can resume. It holds the master
// secret or, in DTLS 1.3, the pre-shared key that goes with the ticket: whoever
// has it can read the session.
type SessionState struct {
	Suite                wire.CipherSuite
	Created              int64    // seconds since 1970
	Master               [48]byte // in DTLS 1.3 as long as the suite's hash
	ExtendedMasterSecret bool
	EncryptThenMAC       bool
	ServerName           string
	Identity             []byte   // the PSK identity
	KeyProof             KeyProof // a server's: of the PSK
	PeerChain            [][]byte // DER, leaf first
	PeerKeyType          uint8    // the CertificateType of PeerChain

	// What a client presents: an ID, or a ticket.
	ID     []byte
	Ticket []byte

	// What came with a ticket of DTLS 1.3.
	AgeAdd   uint32 // what hides the age of the ticket, in milliseconds
	Received int64  // when the ticket came, in milliseconds since 1970
	Lifetime uint32 // of the ticket, in seconds
}

// A KeyProof tells whether a pre-shared key is the one that a session began
// with, and nothing else about it: who has the session has not got the key.
type KeyProof [16]byte

func proveKey(psk []byte, master *[48]byte) KeyProof {
	mac := hmac.New(sha256.New, psk)
	mac.Write(master[:])
	return KeyProof(mac.Sum(nil)[:len(KeyProof{})])
}

// proves reports whether the session began with that key.
func (s *SessionState) proves(psk []byte) bool {
	proof := proveKey(psk, &s.Master)
	return len(psk) > 0 && hmac.Equal(proof[:], s.KeyProof[:])
}

// usesPSK reports whether the session began with a pre-shared key.
func (s *SessionState) usesPSK() bool {
	if chosen := suite.Lookup(s.Suite); chosen != nil {
		return chosen.KeyExchange.UsesPSK()
	}
	return len(s.Identity) > 0
}

// resumable reports whether the session can be resumed by anybody: it is young
// enough, and has an extended master secret, without which another session
// could have the same one (RFC 7627, Section 5.3). Those of DTLS 1.3 all have
// what that is for.
func (s *SessionState) resumable(now time.Time, life time.Duration) bool {
	age := now.Unix() - s.Created
	return age >= 0 && age < int64(life/time.Second) && s.ExtendedMasterSecret && !zero(s.Master[:])
}

// Marshal encodes the session.
func (s *SessionState) Marshal() []byte {
	b := cryptobyte.NewBuilder(nil)
	b.AddUint8(sessionStateVersion)
	b.AddUint16(uint16(s.Suite))
	b.AddUint64(uint64(s.Created))
	b.AddBytes(s.Master[:])
	b.AddBytes(s.KeyProof[:])
	b.AddUint8(flag(s.ExtendedMasterSecret) | flag(s.EncryptThenMAC)<<1)
	for _, field := range [][]byte{[]byte(s.ServerName), s.Identity, s.ID, s.Ticket} {
		addOpaque(b, field)
	}
	b.AddUint32(s.AgeAdd)
	b.AddUint64(uint64(s.Received))
	b.AddUint32(s.Lifetime)
	b.AddUint8(s.PeerKeyType)
	addChain(b, s.PeerChain)
	return b.BytesOrPanic()
}

// ParseSessionState decodes what Marshal made. The session's slices are views
// into data. The error is [ErrSessionState].
func ParseSessionState(data []byte) (*SessionState, error) {
	s := &SessionState{}
	in := cryptobyte.String(data)
	var version, flags uint8
	var created uint64
	if !in.ReadUint8(&version) || version != sessionStateVersion ||
		!in.ReadUint16((*uint16)(&s.Suite)) || !in.ReadUint64(&created) ||
		!in.CopyBytes(s.Master[:]) || !in.CopyBytes(s.KeyProof[:]) || !in.ReadUint8(&flags) || flags > 3 {
		return nil, ErrSessionState
	}
	s.Created = int64(created)
	s.ExtendedMasterSecret = flags&1 != 0
	s.EncryptThenMAC = flags&2 != 0
	var name []byte
	for _, field := range []*[]byte{&name, &s.Identity, &s.ID, &s.Ticket} {
		if !readOpaque(&in, field) {
			return nil, ErrSessionState
		}
	}
	s.ServerName = string(name)
	if len(s.Identity) == 0 && !s.usesPSK() {
		s.Identity = nil // none is another one than the empty one
	}
	var received uint64
	if !in.ReadUint32(&s.AgeAdd) || !in.ReadUint64(&received) || !in.ReadUint32(&s.Lifetime) {
		return nil, ErrSessionState
	}
	s.Received = int64(received)
	if !in.ReadUint8(&s.PeerKeyType) || !readChain(&in, &s.PeerChain) || !in.Empty() {
		return nil, ErrSessionState
	}
	return s, nil
}

// ticketAge returns the age of a ticket of DTLS 1.3 as a client tells it.
//
// RFC 8446, Section 4.2.11.1.
func (s *SessionState) ticketAge(now time.Time) uint32 {
	return uint32(now.UnixMilli()-s.Received) + s.AgeAdd
}

// verification asks whether the peer's certificate in the session is still good.
func (s *SessionState) verification() Event {
	return Event{Kind: EventVerify, Chain: s.PeerChain, KeyType: s.PeerKeyType, Resuming: true}
}

// is13 reports whether the session is one of DTLS 1.3.
func (s *SessionState) is13() bool { return suite.Lookup13(s.Suite) != nil }

// session returns what a later handshake can resume of this one.
func (h *handshake) session(now time.Time) *SessionState {
	return &SessionState{
		Suite:                h.a.suite.ID,
		Created:              now.Unix(),
		Master:               h.master,
		ExtendedMasterSecret: h.extendedMasterSecret,
		EncryptThenMAC:       h.encryptThenMAC,
		ServerName:           h.result.ServerName,
		Identity:             h.result.Identity,
		PeerChain:            h.result.PeerChain,
		PeerKeyType:          h.result.PeerKeyType,
	}
}
