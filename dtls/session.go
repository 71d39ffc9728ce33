package dtls

import (
	"net"
	"net/netip"
	"sync/atomic"
	"unique"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Session is an established association with one peer. A [Handler] gets it
// with each datagram and may keep it for as long as it likes.
//
// Its methods may be called from any goroutine, handlers included.
//
// There may be a million of them, most of them idle. So what a session needs
// only while something happens is in its live part, which a session that sleeps
// does without.
type Session struct {
	shard *shard
	id    uint64
	addr  netip.AddrPort            // of the peer during the handshake
	local unique.Handle[netip.Addr] // of ours, that the peer used then; zero if there is one only
	rare  atomic.Pointer[rareties]  // nil of most

	// What follows belongs to the shard, except for the atomics.
	*live       // nil while the session sleeps, and when all is over
	index int32 // in the table; 0 for none
	place place // in the slab, while the session sleeps

	lastActive atomic.Uint32 // on the shard's clock
	maxPayload atomic.Int32
	closing    atomic.Bool
	ended      bool
	listed     bool // in the table, and not as a rival
	version13  bool // set before maxPayload, which tells others that it is
	byCID      bool // the peer puts a connection ID into its records
}

// A live part is what a session has while it does not sleep.
type live struct {
	assoc *engine.Association // nil before its start and after its end
	state *engine.State       // what was negotiated; nil before, and after waking until it is asked for
	hs    *handshake          // nil once established
	rival *Session            // in its handshake, to take the place of this one
	path  *pathCheck          // nil if there is no doubt where the peer is
	cids  []cidKey            // of the connection IDs that it is known by besides the one of the handshake

	timer int32 // in the timers
	awake int32 // in the shard's list of those that do not sleep; 0 for none
	tally
}

// A tally is what a session keeps count of.
type tally struct {
	helloHash       uint64  // of the ClientHello's random, to know it again
	received, sent  traffic // of application data
	since           uint32  // when it was established, on the shard's clock
	keyUpdates      uint32  // new keys, of either direction
	drops           uint32  // records that led to nothing
	moves           uint16  // changes of the peer's address
	retransmissions uint8   // flights repeated
}

// A traffic is what went over a session in one direction. The shard's lock
// protects it.
type traffic struct{ datagrams, bytes uint64 }

func (t *traffic) add(n int) {
	t.datagrams++
	t.bytes += uint64(n)
}

// A route is how datagrams get to a peer.
type route struct {
	peer  netip.AddrPort
	local netip.Addr // the address of ours that the peer uses; zero if there is one only
}

// ID returns a number that no other session of the server has had.
func (s *Session) ID() uint64 { return s.id }

// RemoteAddr returns the address and port of the peer. With a connection ID they
// may change.
func (s *Session) RemoteAddr() netip.AddrPort { return s.peer() }

// at returns how datagrams get to the peer now.
func (s *Session) at() route {
	if rare := s.rare.Load(); rare != nil {
		if moved := rare.moved.Load(); moved != nil {
			return *moved
		}
	}
	r := route{peer: s.addr}
	if s.local != noLocal {
		r.local = s.local.Value()
	}
	return r
}

func (s *Session) peer() netip.AddrPort {
	if moved := s.movedTo(); moved != nil {
		return moved.peer
	}
	return s.addr
}

// movedTo returns where the peer is since it has moved, or nil.
func (s *Session) movedTo() *route {
	if rare := s.rare.Load(); rare != nil {
		return rare.moved.Load()
	}
	return nil
}

// noLocal is no address of ours.
var noLocal unique.Handle[netip.Addr]

// internLocal returns what a session keeps of an address of ours, which most
// share.
func internLocal(addr netip.Addr) unique.Handle[netip.Addr] {
	if !addr.IsValid() {
		return noLocal
	}
	return unique.Make(addr)
}

// cid returns the connection ID that the peer puts into its records, if any. The
// session does not sleep. Only the shard calls it.
func (s *Session) cid() []byte {
	switch {
	case s.hs != nil:
		return s.hs.cid
	case s.negotiated() != nil:
		return s.state.LocalCID
	default:
		return nil
	}
}

// negotiated returns what was negotiated, or nil. The session does not sleep.
// Only the shard calls it.
func (s *Session) negotiated() *engine.State {
	if s.state == nil && s.assoc != nil {
		s.state = s.assoc.State()
	}
	return s.state
}

// contender returns the session that is in its handshake to take the place of
// this one, or nil.
func (s *Session) contender() *Session {
	if s.live == nil {
		return nil
	}
	return s.rival
}

// LocalAddr returns the address and port that the peer sends to. The address is
// the unspecified one where the socket has several and the platform does not
// tell which.
func (s *Session) LocalAddr() netip.AddrPort {
	addr, _ := udp.AddrPort(s.shard.localAddr())
	if local := s.at().local; local.IsValid() {
		return netip.AddrPortFrom(local, addr.Port())
	}
	return addr
}

// localNetAddr is LocalAddr in the form of package net.
func (s *Session) localNetAddr() net.Addr {
	if s.at().local.IsValid() {
		return net.UDPAddrFromAddrPort(s.LocalAddr())
	}
	return s.shard.localAddr()
}

// Send sends b to the peer as one datagram. It copies b and does not wait: the
// datagram leaves when the shard gets to it, at once if it has nothing else
// to do. As with UDP, nobody says whether it arrives. An empty b is sent as an
// empty record, which receivers of DTLS discard, ours included.
//
// It fails with [ErrSessionClosed], [ErrMessageTooLarge], or [ErrQueueFull]
// if more is being sent than leaves.
func (s *Session) Send(b []byte) error {
	err := s.trySend(b)
	if err == ErrQueueFull {
		s.shard.counters.drops[wire.DropQueueFull].Add(1)
	}
	return err
}

// trySend is Send for callers who try again when the queue is full.
func (s *Session) trySend(b []byte) error {
	switch {
	case s.closing.Load():
		return ErrSessionClosed
	case len(b) > s.MaxPayload():
		return ErrMessageTooLarge
	default:
		return s.shard.inbox.send(s, b)
	}
}

// Close says goodbye to the peer, after everything that was sent before, and
// ends the session. Nothing is delivered to the handler from now on. Closing
// again does nothing.
func (s *Session) Close() error {
	if !s.closing.Swap(true) {
		s.shard.inbox.post(inboxItem{kind: itemClose, session: s})
	}
	return nil
}

// MaxPayload returns how many bytes Send takes: what fits into a record, 16384
// bytes unless the peer asked for less. It knows nothing of the path: a datagram
// above its MTU is fragmented by IP, if it gets through at all. Up to about 1200
// bytes arrive nearly everywhere.
func (s *Session) MaxPayload() int { return int(s.maxPayload.Load()) }

// ConnectionState returns what was negotiated.
func (s *Session) ConnectionState() ConnectionState {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return newConnectionState(s, s.shard.glimpse(s).state)
}

// Info describes the session as it is now, or was at its end.
func (s *Session) Info() SessionInfo {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return s.shard.describeSession(s)
}

// established reports whether the handshake is complete. Only the shard calls
// it.
func (s *Session) established() bool { return s.live == nil || s.hs == nil }
