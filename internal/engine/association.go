package engine

import (
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
	cfg   *Config
	ws    *Workspace
	suite *suite.Suite

	read, write half
	window      replayWindow // of the read epoch
	plainSeq    uint64       // next record number to send in epoch 0

	hs     *handshake // nil once established
	linger *linger    // nil once nothing has to be repeated
	state  *State     // nil until established

	secrets secrets
	ceiling *ceiling

	cid, peerCID []byte // ours, in what the peer sends; the peer's, in what we send

	mtu            uint16
	peerRecordSize uint16 // bytes of plaintext that the peer takes per record
	ownRecordSize  uint16 // bytes of plaintext that we take per record
	peerSeq        uint16 // message_seq of the peer's next message, once established
	side           Side
	phase          phase
	newest         bool // see Newest
}

// A half is one direction of the protected record layer. The keys are small
// and stay; the expanded protection is a cache over them.
type half struct {
	keys           suite.Keys
	protection     *suite.Protection
	seq            uint64 // next record number to send; unused when reading
	epoch          uint16
	encryptThenMAC bool
}

// secrets are what exporters need after the handshake.
type secrets struct {
	master                     [48]byte
	clientRandom, serverRandom [32]byte
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
	h := newServer12(a, now, hello)
	a.hs = h
	if len(hello.Body) == 0 {
		return a
	}
	// From here on it is as if the hello had come through the association.
	h.receiveFragment(0, hello.RecordSeq, wire.Fragment{
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
	role := newClient12(a, now, target)
	a.hs = role.handshake
	role.start(now)
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
	case a.linger != nil && !now.Before(a.linger.until):
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
		return time.Time{}
	}
}

// SetMTU changes the largest datagram of the handshake, in bytes of UDP
// payload; at least [MinMTU]. Application data is not held to it.
func (a *Association) SetMTU(n int) {
	a.mtu = uint16(min(max(n, MinMTU), 1<<16-1))
}

// Side returns the end of the association that this is.
func (a *Association) Side() Side { return a.side }

// State returns what was negotiated, or nil before the association is
// established. It must not be changed.
func (a *Association) State() *State { return a.state }

// Established reports whether application data can be sent.
func (a *Association) Established() bool { return a.phase == phaseEstablished }

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

// ExportKeyingMaterial derives n bytes for another protocol (RFC 5705). It
// works from establishment until the association is closed.
func (a *Association) ExportKeyingMaterial(label string, context []byte, hasContext bool, n int) ([]byte, error) {
	if a.phase != phaseEstablished {
		return nil, ErrNotEstablished
	}
	s := &a.secrets
	return a.suite.Exporter(s.master[:], &s.clientRandom, &s.serverRandom, label, context, hasContext, n)
}

// Trim drops the expanded keys of an association that is idle. The next
// record expands them again.
func (a *Association) Trim() {
	a.read.protection = nil
	a.write.protection = nil
}

// protect returns the protection of h, expanded from its keys on first use.
func (a *Association) protect(h *half) *suite.Protection {
	if h.protection == nil {
		p, err := a.suite.NewProtection(h.keys, h.encryptThenMAC, a.cfg.Rand)
		if err != nil {
			// The keys came from the key block of the same suite.
			panic("dtls: keys do not fit " + a.suite.String() + ": " + err.Error())
		}
		h.protection = p
	}
	return h.protection
}

func (a *Association) drop(reason wire.Drop) {
	a.ws.push(Event{Kind: EventDrop, Drop: reason})
}
