package dtls

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
)

// DefaultAddr is where a [Server] without Addr listens.
const DefaultAddr = ":22334"

// A Handler gets the datagrams of a server's sessions.
//
// ServeDTLS is called on the goroutine that serves the socket: while it runs,
// that goroutine does nothing else. It must not wait, and must not keep
// datagram. [Async] makes a handler that may wait out of one that does.
// Datagrams of one session come in the order in which they were received.
// For different sessions it may be called at the same time, unless the server
// has one socket with one shard: see Config.Shards.
// A panic is not recovered: it ends the program.
type Handler interface {
	ServeDTLS(s *Session, datagram []byte)
}

// HandlerFunc is a function that is a [Handler].
type HandlerFunc func(s *Session, datagram []byte)

// ServeDTLS calls f.
func (f HandlerFunc) ServeDTLS(s *Session, datagram []byte) { f(s, datagram) }

// A Server serves DTLS sessions on one or more sockets. Its fields must not be
// changed once it serves. Like the handler, its hooks may be called for
// different sessions at the same time.
type Server struct {
	Addr    string  // for ListenAndServe; DefaultAddr, port 22334 of every address, if empty
	Config  *Config // required
	Handler Handler // required

	// Opened, if set, is called with each session that is established, before
	// its first datagram. Like a handler, it must not wait.
	Opened func(*Session)
	// Closed, if set, is called once for each session that was opened, with
	// the reason for its end. Like a handler, it must not wait.
	Closed func(*Session, error)

	mu      sync.Mutex
	host    *host    // nil before the first Serve
	shards  []*shard // those of one address beside each other
	retired Stats    // of shards that are gone
	refuses bool     // SetAccepting(false)
	closed  bool
}

// ListenAndServe listens on the UDP address s.Addr, with as many shards as
// Config.Shards says, and serves until Shutdown or Close, when it returns
// [ErrServerClosed]. With port 0 nobody knows where it listens before Addrs
// tells: use [ListenGroup] and ServeGroup instead.
func (s *Server) ListenAndServe() error {
	if err := s.prepare(); err != nil {
		return err
	}
	sockets, err := ListenGroup("udp", cmp.Or(s.Addr, DefaultAddr), s.Config.Shards)
	if err != nil {
		return err
	}
	return s.ServeGroup(sockets)
}

// Serve serves the sessions of a socket, which it closes in the end. It
// returns [ErrServerClosed] after Shutdown or Close, and otherwise an error of
// the socket. After Shutdown it returns only when the goodbyes have left, so
// that the program may end with it. It may be called for several sockets at the
// same time, and again with another one. The socket has one shard, whatever
// Config.Shards says.
func (s *Server) Serve(pc net.PacketConn) error { return s.ServeGroup([]net.PacketConn{pc}) }

// ServeGroup is Serve for several sockets of one address, as [ListenGroup] opens
// them. Each is a shard: it has a goroutine of its own, and serves the sessions of
// the clients that the kernel brings to it. A client with a connection ID keeps
// its shard wherever it goes. An error of one socket ends them all, and is
// returned once.
func (s *Server) ServeGroup(sockets []net.PacketConn) error {
	err := checkGroup(sockets)
	if err != nil {
		closeAll(sockets)
		return err
	}
	g, err := s.open(newSockets(sockets))
	if err != nil {
		closeAll(sockets)
		return err
	}
	g.steer(sockets[0])
	err = g.run()
	return s.retire(g, err)
}

// prepare says what is wrong, before a socket is opened for nothing.
func (s *Server) prepare() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.initHost()
}

// open adds a shard for each of the sockets of one address.
func (s *Server) open(sockets []udp.Socket) (*group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.initHost(); err != nil {
		return nil, err
	}
	g, err := newGroup(s.host, sockets)
	if err != nil {
		return nil, err
	}
	s.shards = append(s.shards, g.shards...)
	return g, nil
}

func (s *Server) initHost() error {
	switch {
	case s.closed:
		return ErrServerClosed
	case s.host != nil:
		return nil
	case s.Config == nil:
		return errors.New("dtls: Server.Config is not set")
	case s.Handler == nil:
		return errors.New("dtls: Server.Handler is not set")
	}
	h, err := newHost(serverOwner{s}, engine.Server, s.Config)
	if err != nil {
		return err
	}
	h.accepting.Store(!s.refuses)
	s.host = h
	return nil
}

// retire takes shards that are gone off the server, and returns why they are.
func (s *Server) retire(g *group, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shards = slices.DeleteFunc(s.shards, func(sh *shard) bool { return sh.group == g })
	for _, sh := range g.shards {
		sh.counters.addTo(&s.retired)
	}
	if s.closed {
		return ErrServerClosed
	}
	return err
}

// Shutdown says goodbye to every peer and ends the server. It takes its time,
// so as not to overrun the network with goodbyes: about a second for 64,000
// sessions. If ctx ends first, the rest hear nothing. It returns how many
// peers were told, and the error of ctx. It must not be called from a handler.
func (s *Server) Shutdown(ctx context.Context) (told int, err error) {
	return leave(ctx, s.close())
}

// Withdraw says goodbye to every peer and closes the sockets, as Shutdown does,
// but the server may serve others afterwards. Calls of Serve return
// [ErrServerClosed].
func (s *Server) Withdraw(ctx context.Context) (told int, err error) {
	s.mu.Lock()
	shards := slices.Clone(s.shards)
	s.mu.Unlock()
	return leave(ctx, shards)
}

// leave ends shards with a goodbye to their peers, and counts these.
func leave(ctx context.Context, shards []*shard) (told int, err error) {
	for _, sh := range shards {
		sh.leaveWithGoodbye()
	}
	for _, sh := range shards {
		if late := sh.awaitEnd(ctx); late != nil {
			err = late
		}
		told += int(sh.told.Load())
	}
	return told, err
}

// Close ends the server at once. The peers hear nothing of it.
func (s *Server) Close() error {
	for _, sh := range s.close() {
		sh.leaveAtOnce()
	}
	return nil
}

// close lets nothing begin any more.
func (s *Server) close() []*shard {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.host != nil {
		s.host.accepting.Store(false)
	}
	return slices.Clone(s.shards)
}

// SetAccepting says whether clients may begin new sessions. Those that there
// are go on in any case.
func (s *Server) SetAccepting(accepting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuses = !accepting
	if s.host == nil || s.closed || s.host.accepting.Swap(accepting) == accepting {
		return
	}
	for _, sh := range s.shards {
		if sh.isFirst() {
			sh.post(sh.logAccepting)
		}
	}
}

// Addrs returns the addresses being served, each once.
func (s *Server) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	addrs := make([]net.Addr, 0, len(s.shards))
	for _, sh := range s.shards {
		if sh.isFirst() {
			addrs = append(addrs, sh.socket.LocalAddr())
		}
	}
	return addrs
}

// Stats returns what happened so far. Numbers of the same moment need not
// agree with each other to the last.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.retired
	for _, sh := range s.shards {
		sh.counters.addTo(&stats)
	}
	stats.Shards = len(s.shards)
	if s.host != nil {
		stats.Sessions = int(s.host.sessions.Load())
		stats.HalfOpen = int(s.host.halfOpen.total.Load())
	}
	return stats
}

// A SessionInfo describes a session at a moment.
type SessionInfo struct {
	ID          uint64
	Peer        netip.AddrPort
	Local       netip.AddrPort
	Established bool // false during the handshake
	State       ConnectionState
	Since       time.Time // of its establishment
	LastActive  time.Time // when a datagram was received or sent, to the second

	Received, Sent           uint64 // datagrams of application data
	ReceivedBytes, SentBytes uint64 // of their plaintext

	Retransmissions int    // flights that were repeated
	Drops           uint32 // datagrams and records that led to nothing
	AddressChanges  int    // of the peer, which has a connection ID
	KeyUpdates      int    // new keys since the handshake, of either direction
}

// Sessions describes the sessions that there are, in no order. Those that come
// or go meanwhile may be missing.
func (s *Server) Sessions() []SessionInfo {
	s.mu.Lock()
	shards := slices.Clone(s.shards)
	s.mu.Unlock()
	var infos []SessionInfo
	for _, sh := range shards {
		infos = sh.describe(infos)
	}
	return infos
}

// Session returns the session with that ID, established or in its handshake, or
// nil.
func (s *Server) Session(id uint64) *Session {
	s.mu.Lock()
	shards := slices.Clone(s.shards)
	s.mu.Unlock()
	for _, sh := range shards {
		if sess := sh.find(id); sess != nil {
			return sess
		}
	}
	return nil
}

// serverOwner hears of a server's sessions.
type serverOwner struct{ *Server }

func (o serverOwner) opened(sess *Session) {
	if o.Opened != nil {
		o.Opened(sess)
	}
}

func (o serverOwner) received(sess *Session, datagram []byte) bool {
	o.Handler.ServeDTLS(sess, datagram)
	return true
}

func (o serverOwner) closed(sess *Session, reason error) {
	if o.Closed != nil {
		o.Closed(sess, reason)
	}
}

func (o serverOwner) warned(*Session, error) {}

func (o serverOwner) failed(*Session, error) {}
