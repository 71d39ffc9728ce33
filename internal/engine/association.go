package engine

import (
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A phase is the part of its life that an association is in.
type phase uint8

const (
	phaseHandshake phase = iota
	phaseEstablished
	phaseClosed
)

// An Association is one end of a DTLS association. It belongs to one
// goroutine at a time.
type Association struct {
	cfg     *Config
	ws      *Workspace
	suite   *suite.Suite   // of DTLS 1.2; nil until it is chosen
	suite13 *suite.Suite13 // of DTLS 1.3; likewise

	read, write half
	window      replayWindow // of the read epoch
	plainSeq    uint64       // next record number to send in epoch 0

	hs       *handshake // nil once established
	delivery *delivery  // nil when no handshake message is on its way
	linger   *linger    // of DTLS 1.2; nil once nothing has to be repeated
	older    *older     // of DTLS 1.3; nil when only the newest epoch is in use
	state    *State     // nil until established, and after waking until it is asked for

	secrets    secrets
	resumption suite.Secret // a client's, for the tickets of DTLS 1.3
	flat       flat         // what has been packed; empty before the first time
	ceiling    *ceiling

	cids *connectionIDs // nil where none are in use

	mtu            uint16
	peerRecordSize uint16 // bytes of plaintext that the peer takes per record
	ownRecordSize  uint16 // bytes of plaintext that we take per record
	peerSeq        uint32 // message_seq of the peer's next message, once established
	sendSeq        uint32 // message_seq of our next message, once established
	side           Side
	phase          phase
	newest         bool // see Newest
	stirred        bool // there is something for advanceLate
}

// A half is one direction of the protected record layer. The keys are small
// and stay; the expanded protection is a cache over them.
type half struct {
	keys           suite.Keys
	traffic        suite.Secret     // of DTLS 1.3, where other keys may follow from it
	protection     suite.Protection // of either version, see protect13; without keys until it is used
	seq            uint64           // next record number to send; unused when reading
	epoch          uint16
	encryptThenMAC bool
	replaced       bool // the peer was asked for new keys; when reading
}

// secrets are what exporters need after the handshake: in DTLS 1.2 the master
// secret and both randoms, the client's first; in DTLS 1.3 the
// exporter_master_secret.
type secrets []byte

// The lengths of secrets in DTLS 1.2.
const (
	masterLen    = 48
	randomLen    = 32
	secretsLen12 = masterLen + 2*randomLen
)

func newSecrets12(master *[masterLen]byte, clientRandom, serverRandom *[randomLen]byte) secrets {
	return slices.Concat(master[:], clientRandom[:], serverRandom[:])
}

func newAssociation(cfg *Config, ws *Workspace, side Side) *Association {
	return &Association{
		cfg:            cfg,
		ws:             ws,
		side:           side,
		mtu:            uint16(min(cfg.MTU, 1<<16-1)),
		peerRecordSize: wire.MaxPlaintext,
		ownRecordSize:  wire.MaxPlaintext,
	}
}

// NewServer starts a server's association from a ClientHello, or to wait for
// one if the hello has no body. The config must have gone through
// [Config.Complete].
func NewServer(cfg *Config, ws *Workspace, now time.Time, hello Hello) *Association {
	a := newAssociation(cfg, ws, Server)
	ws.begin()
	a.plainSeq = hello.RecordSeq
	h := newServerStart(a, now, hello)
	a.hs = h
	if len(hello.Body) == 0 {
		return a
	}
	// From here on it is as if the hello had come through the association.
	h.receiveFragment(now, recordNumber{0, hello.RecordSeq}, wire.Fragment{
		Type:   wire.TypeClientHello,
		Length: uint32(len(hello.Body)),
		Seq:    hello.MessageSeq,
		Body:   hello.Body,
	})
	h.advance(now)
	return a
}

// NewClient starts a client's association: its first flight is ready to be
// sent. The config must have gone through [Config.Complete].
func NewClient(cfg *Config, ws *Workspace, now time.Time, target Target) *Association {
	a := newAssociation(cfg, ws, Client)
	ws.begin()
	start := newClientStart(a, now, target)
	a.hs = start.handshake
	start.begin(now)
	return a
}

// Next returns what the verbs since the queue was last empty have left to do,
// one at a time, then an event of kind [EventNone].
func (a *Association) Next() Event { return a.ws.pop() }

// Timeout tells the association that time has passed. It does nothing before
// [Association.Deadline].
func (a *Association) Timeout(now time.Time) {
	a.ws.begin()
	switch {
	case a.hs != nil:
		a.hs.timeout(now)
	case a.suite13 != nil:
		a.timeoutLate(now)
	case a.linger != nil && due(a.linger.until, now):
		a.linger = nil
	}
}

// Deadline returns the time at which Timeout has something to do, or the zero
// time.
func (a *Association) Deadline() time.Time {
	switch {
	case a.hs != nil:
		return a.hs.deadline()
	case a.linger != nil:
		return a.linger.until
	default:
		return earliest(a.NextTransmission(), a.older.deadline(), a.delivery.forgotten())
	}
}

// NextTransmission returns the time at which something is sent to the peer if
// nothing comes from it, or the zero time.
func (a *Association) NextTransmission() time.Time {
	switch {
	case a.updateIsDue():
		return overdue
	case a.delivery != nil:
		return a.delivery.deadline()
	default:
		return time.Time{}
	}
}

// overdue is a time long ago.
var overdue = time.Unix(1, 0)

// SetMTU changes the largest datagram of the handshake, in bytes of UDP
// payload; at least [MinMTU]. Application data is not held to it.
func (a *Association) SetMTU(n int) {
	a.mtu = uint16(min(max(n, MinMTU), 1<<16-1))
}

// Side returns the end of the association that this is.
func (a *Association) Side() Side { return a.side }

// State returns what was negotiated, or nil before the association is
// established. It must not be changed.
func (a *Association) State() *State {
	if a.state == nil {
		a.state = a.flat.state() // whose secrets may be wiped
	}
	return a.state
}

// Established reports whether application data can be sent.
func (a *Association) Established() bool { return a.phase == phaseEstablished }

// usable says why nothing can be sent for the owner now, or nothing.
func (a *Association) usable() error {
	switch a.phase {
	case phaseClosed:
		return ErrClosed
	case phaseHandshake:
		return ErrNotEstablished
	default:
		return nil
	}
}

// Closed reports whether the association is over.
func (a *Association) Closed() bool { return a.phase == phaseClosed }

// Hint returns the fatal alert that came in plaintext during the handshake, or
// nil. Anyone may have sent it, so that it ends the handshake only at the next
// timeout without progress; an owner who learns by other means that nothing more
// will come knows why from it.
func (a *Association) Hint() *AlertError {
	if a.hs == nil {
		return nil
	}
	return a.hs.hinted
}

// secretsLen returns the length of secrets.
func (a *Association) secretsLen() int {
	if a.suite13 != nil {
		return a.suite13.Hash.Size()
	}
	return secretsLen12
}

// ExportKeyingMaterial derives n bytes for another protocol (RFC 5705). It
// works from establishment until the association is closed.
func (a *Association) ExportKeyingMaterial(label string, context []byte, hasContext bool, n int) ([]byte, error) {
	if a.phase != phaseEstablished {
		return nil, ErrNotEstablished
	}
	s := a.secrets
	if a.suite13 != nil {
		// RFC 8446, Section 7.5: no context is an empty one.
		return a.suite13.Exporter(suite.Secret(s), label, context, n)
	}
	clientRandom, serverRandom := (*[randomLen]byte)(s[masterLen:]), (*[randomLen]byte)(s[masterLen+randomLen:])
	return a.suite.Exporter(s[:masterLen], clientRandom, serverRandom, label, context, hasContext, n)
}

// Fetch brings what Receive and Send are going to need into the cache of the
// processor. Many associations can be waited for at the same time in that way. The
// result means nothing.
func (a *Association) Fetch() int {
	return a.read.protection.Fetch() + a.write.protection.Fetch() + int(a.write.seq+a.window.next) + int(a.mtu)
}

// Trim drops the expanded keys of an association that is idle. The next
// record expands them again.
func (a *Association) Trim() {
	a.read.trim()
	a.write.trim()
	a.older.trim()
}

func (h *half) trim() { h.protection = suite.Protection{} }

// protect returns the protection of h, expanded from its keys on first use.
func (a *Association) protect(h *half) *suite.Protection {
	if !h.protection.Expanded() {
		if err := a.suite.Expand(&h.protection, &a.ws.scratch, h.keys, h.encryptThenMAC, a.cfg.Rand); err != nil {
			// The keys came from the key block of the same suite.
			panic("dtls: keys do not fit " + a.suite.String() + ": " + err.Error())
		}
	}
	return &h.protection
}

// protect13 returns the protection of h, expanded from its keys on first use.
func (a *Association) protect13(h *half) *suite.Protection13 {
	p := (*suite.Protection13)(&h.protection)
	if !h.protection.Expanded() {
		if err := a.suite13.Expand(p, &a.ws.scratch, h.keys); err != nil {
			// The keys were derived for the same suite.
			panic("dtls: keys do not fit " + a.suite13.String() + ": " + err.Error())
		}
	}
	return p
}

func (a *Association) drop(reason wire.Drop) {
	a.ws.push(Event{Kind: EventDrop, Drop: reason})
}
