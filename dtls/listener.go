package dtls

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// acceptQueue is how many connections wait for Accept.
const acceptQueue = 128

// A Listener is a server whose sessions are connections. It is a
// [net.Listener].
type Listener struct {
	host      *host
	group     *group
	accepted  chan *Conn
	closeOnce sync.Once
	closing   chan struct{}
}

// Listen listens on a UDP address, with as many shards as Config.Shards says.
// The network is "udp", "udp4" or "udp6".
func Listen(network, address string, config *Config) (*Listener, error) {
	if config == nil {
		return nil, errNoConfig
	}
	sockets, err := ListenGroup(network, address, config.Shards)
	if err != nil {
		return nil, err
	}
	l, err := newListener(sockets, config)
	if err != nil {
		closeAll(sockets)
		return nil, err
	}
	return l, nil
}

// NewListener listens on a socket, which belongs to the listener from then
// on. It has one shard, whatever Config.Shards says.
func NewListener(pc net.PacketConn, config *Config) (*Listener, error) {
	return newListener([]net.PacketConn{pc}, config)
}

var errNoConfig = errors.New("dtls: a listener needs a Config")

func newListener(sockets []net.PacketConn, config *Config) (*Listener, error) {
	if err := checkGroup(sockets); err != nil {
		return nil, err
	}
	if config == nil {
		return nil, errNoConfig
	}
	l := &Listener{accepted: make(chan *Conn, acceptQueue), closing: make(chan struct{})}
	var err error
	if l.host, err = newHost(l, engine.Server, config); err != nil {
		return nil, err
	}
	if l.group, err = newGroup(l.host, newSockets(sockets)); err != nil {
		return nil, err
	}
	l.group.steer(sockets[0])
	go l.group.run()
	return l, nil
}

// Accept waits for a connection, which is a [*Conn]. Its handshake is complete:
// those that fail, or are in progress, keep nobody waiting. After Close the
// error matches [net.ErrClosed]; otherwise it says why the socket failed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	default:
	}
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closing:
	case <-l.group.end:
	}
	return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: l.reason()}
}

// reason returns why there will be no more connections.
func (l *Listener) reason() error {
	if isClosed(l.closing) {
		return net.ErrClosed
	}
	return l.group.cause
}

// Close accepts no more connections. Those that were accepted go on, and the
// socket with them: its port stays in use until the last of them is closed. To
// close them too, see Shutdown.
func (l *Listener) Close() error {
	l.refuseMore()
	for _, sh := range l.group.shards {
		sh.leaveWhenIdle()
	}
	return nil
}

// Shutdown accepts no more connections, closes those that there are with a
// goodbye to their peers, and waits until all of it has left and the socket is
// closed. If ctx ends first, the rest hear nothing, and the error is that of
// ctx.
func (l *Listener) Shutdown(ctx context.Context) error {
	l.refuseMore()
	_, err := leave(ctx, l.group.shards)
	return err
}

// refuseMore lets no connection begin, and closes those that nobody accepted.
func (l *Listener) refuseMore() {
	l.closeOnce.Do(func() {
		l.host.accepting.Store(false)
		close(l.closing)
		for _, sh := range l.group.shards {
			sh.post(l.refuseWaiting) // of each, as one may be about to queue another
		}
	})
}

// refuseWaiting closes the connections that nobody accepted.
func (l *Listener) refuseWaiting() {
	for {
		select {
		case c := <-l.accepted:
			l.refuse(c.session.Load())
		default:
			return
		}
	}
}

func (l *Listener) refuse(sess *Session) {
	sess.shard.counters.unwanted.Add(1)
	sess.Close()
}

// Addr returns the address of the listener.
func (l *Listener) Addr() net.Addr { return l.group.shards[0].socket.LocalAddr() }

// Stats returns what happened so far.
func (l *Listener) Stats() Stats {
	var stats Stats
	for _, sh := range l.group.shards {
		sh.counters.addTo(&stats)
	}
	stats.Shards = len(l.group.shards)
	stats.Sessions = int(l.host.sessions.Load())
	stats.HalfOpen = int(l.host.halfOpen.total.Load())
	return stats
}

// opened queues a connection for Accept.
func (l *Listener) opened(sess *Session) {
	c := newConn(l.host.config, sess.localNetAddr(), net.UDPAddrFromAddrPort(sess.peer()))
	c.open(sess)
	sess.SetUserData(c)
	if isClosed(l.closing) {
		l.refuse(sess)
		return
	}
	select {
	case l.accepted <- c:
	default:
		l.refuse(sess)
	}
}

func (l *Listener) received(sess *Session, datagram []byte) bool {
	return sess.UserData().(*Conn).queue.put(datagram)
}

func (l *Listener) closed(sess *Session, reason error) { sess.UserData().(*Conn).end(reason) }

func (l *Listener) warned(*Session, error) {}

func (l *Listener) failed(*Session, error) {}
