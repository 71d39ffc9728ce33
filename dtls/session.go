package dtls

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Session is an established association with one peer. A [Handler] gets it
// with each datagram and may keep it for as long as it likes.
//
// Its methods may be called from any goroutine, handlers included, and do not
// wait.
type Session struct {
	shard     *shard
	id        uint64
	origin    route                 // of the handshake
	moved     atomic.Pointer[route] // since then; nil if not at all
	helloHash uint64                // of the ClientHello's random, to know it again

	state    *engine.State // what was negotiated; set before anybody sees the session
	verified *trust.Peer   // nil without a certificate

	// What follows belongs to the shard.
	assoc *engine.Association // nil before its start and after its end
	hs    *handshake          // nil once established
	rival *Session            // in its handshake, to take the place of this one
	path  *pathCheck          // nil if there is no doubt where the peer is
	cids  []cidKey            // of the connection IDs that it is known by besides the one of the handshake
	index int32               // in the table
	timer int32               // in the timers

	maxPayload      atomic.Int32
	closing         atomic.Bool
	lastActive      atomic.Uint32 // on the shard's clock
	since           uint32        // likewise
	ended           bool
	retransmissions uint8   // flights repeated
	moves           uint16  // changes of the peer's address
	keyUpdates      uint32  // new keys, of either direction
	drops           uint32  // records that led to nothing
	received, sent  traffic // of application data
	userData        atomic.Pointer[any]
	userContext     atomic.Pointer[sessionContext]
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

// A sessionContext is the context of a session for those who asked for it.
type sessionContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// ID returns a number that no other session of the server has had.
func (s *Session) ID() uint64 { return s.id }

// RemoteAddr returns the address and port of the peer. With a connection ID they
// may change.
func (s *Session) RemoteAddr() netip.AddrPort { return s.peer() }

// at returns how datagrams get to the peer now.
func (s *Session) at() route {
	if moved := s.moved.Load(); moved != nil {
		return *moved
	}
	return s.origin
}

func (s *Session) peer() netip.AddrPort {
	if moved := s.moved.Load(); moved != nil {
		return moved.peer
	}
	return s.origin.peer
}

// cid returns the connection ID that the peer puts into its records, if any.
// Only the shard calls it.
func (s *Session) cid() []byte {
	switch {
	case s.hs != nil:
		return s.hs.cid
	case s.state != nil:
		return s.state.LocalCID
	default:
		return nil
	}
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
	return newConnectionState(s)
}

// Info describes the session as it is now, or was at its end.
func (s *Session) Info() SessionInfo {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	return s.shard.describeSession(s)
}

// SetUserData attaches data of the user's to the session.
func (s *Session) SetUserData(data any) { s.userData.Store(&data) }

// UserData returns what SetUserData attached last, or nil.
func (s *Session) UserData() any {
	if data := s.userData.Load(); data != nil {
		return *data
	}
	return nil
}

// Context returns a context that ends with the session. Its cause is then why
// the session ended.
func (s *Session) Context() context.Context { return s.context().Context }

func (s *Session) context() *sessionContext {
	if c := s.userContext.Load(); c != nil {
		return c
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s.userContext.CompareAndSwap(nil, &sessionContext{ctx, cancel})
	return s.userContext.Load()
}

// established reports whether the handshake is complete. Only the shard calls
// it.
func (s *Session) established() bool { return s.hs == nil }
