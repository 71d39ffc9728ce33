package dtls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
)

// Dial connects to a server and completes the handshake. The network is "udp",
// "udp4" or "udp6".
//
// A server that does not answer is given up after Config.HandshakeTimeout, with
// [ErrHandshakeTimeout]. So is one with another pre-shared key: it stays silent,
// and the error matches [ErrWrongKey]. Whoever waits less long, by a deadline or
// a context, gets ErrWrongKey as well once our last flight has been repeated
// twice, three times Config.RetransmitInitial after it was sent.
func Dial(network, address string, config *Config) (*Conn, error) {
	return DialContext(context.Background(), network, address, config)
}

// DialTimeout is [Dial] with a bound for everything together.
func DialTimeout(network, address string, timeout time.Duration, config *Config) (*Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return DialContext(ctx, network, address, config)
}

// DialContext is [Dial] until ctx ends. Once connected, ctx has no effect.
//
// Where nobody listens, the error is an [*UnreachableError], as soon as the
// network says so.
func DialContext(ctx context.Context, network, address string, config *Config) (*Conn, error) {
	if err := checkNetwork(network); err != nil {
		return nil, err
	}
	config, err := configFor(address, config)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	raw, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn, err := Client(raw, config)
	if err != nil {
		raw.Close()
		return nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func checkNetwork(network string) error {
	switch network {
	case "udp", "udp4", "udp6":
		return nil
	default:
		return fmt.Errorf("dtls: network %q is not one of udp, udp4 and udp6", network)
	}
}

// configFor returns config with a ServerName.
func configFor(address string, config *Config) (*Config, error) {
	if config == nil {
		config = &Config{}
	}
	if config.ServerName != "" {
		return config, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dtls: address %q: %w", address, err)
	}
	config = config.Clone()
	config.ServerName = host
	return config, nil
}

// Client returns a connection to a server at the other end of conn, which
// belongs to it from then on. conn must keep the bounds of datagrams; a
// connected [net.UDPConn] does. The handshake takes place with the first Read,
// Write or Handshake.
func Client(conn net.Conn, config *Config) (*Conn, error) {
	switch {
	case conn == nil:
		return nil, errNoSocket
	case conn.RemoteAddr() == nil:
		return nil, errors.New("dtls: the socket is not connected: use ClientPacket")
	}
	peer, _ := udp.AddrPort(conn.RemoteAddr())
	return newDialled(udp.NewConnected(conn, peer), peer, conn.RemoteAddr(), config)
}

// ClientPacket is [Client] over a socket that is not connected, to the server
// at an address. The socket belongs to the connection from then on: what comes
// from others is dropped.
func ClientPacket(pc net.PacketConn, server net.Addr, config *Config) (*Conn, error) {
	if pc == nil {
		return nil, errNoSocket
	}
	peer, ok := udp.AddrPort(server)
	if !ok {
		return nil, fmt.Errorf("dtls: %v is not an IP address and port", server)
	}
	return newDialled(udp.NewSocket(pc), peer, server, config)
}

// dialled is what a client's connection has more than an accepted one: a
// shard of its own.
type dialled struct {
	conn   *Conn
	shard  *shard
	peer   netip.AddrPort
	target string // name of the server in the session cache
	once   sync.Once
}

func newDialled(socket udp.Socket, peer netip.AddrPort, remote net.Addr, config *Config) (*Conn, error) {
	if config == nil {
		config = &Config{}
	}
	if err := config.checkName(); err != nil {
		return nil, err
	}
	d := &dialled{peer: peer}
	h, err := newHost(d, engine.Client, config)
	if err != nil {
		return nil, err
	}
	d.target = config.ServerName
	if d.target == "" {
		d.target = remote.String()
	}
	if d.shard, err = newShard(h, socket); err != nil {
		return nil, err
	}
	d.conn = newConn(config, socket.LocalAddr(), remote)
	d.conn.dialled = d
	return d.conn, nil
}

// start starts the handshake, once. Look-ups can find the values of ctx.
func (d *dialled) start(ctx context.Context) {
	d.once.Do(func() {
		d.shard.host.base = context.WithoutCancel(ctx)
		d.shard.post(func() { d.shard.dial(d.peer, d.target) })
		go func() {
			d.conn.end(d.shard.run())
		}()
	})
}

// close ends the connection, in whatever state it is, and waits until the
// goodbye has left.
func (d *dialled) close() {
	d.once.Do(func() {
		// There was no handshake: there is nothing to end but the socket.
		d.shard.socket.Close()
		close(d.shard.done)
		d.conn.end(ErrSessionClosed)
	})
	d.shard.post(d.shard.hangUp)
	<-d.shard.done
}

func (d *dialled) opened(sess *Session)                      { d.conn.open(sess) }
func (d *dialled) received(_ *Session, datagram []byte) bool { return d.conn.queue.put(datagram) }
func (d *dialled) warned(_ *Session, suspicion error)        { d.conn.suspicion.Store(&suspicion) }
func (d *dialled) closed(_ *Session, reason error)           { d.conn.end(reason) }
func (d *dialled) failed(_ *Session, reason error)           { d.conn.end(reason) }

// dial starts a client's handshake. The shard ends with the session.
func (s *shard) dial(peer netip.AddrPort, target string) {
	s.leaving.whenIdle = true
	sess := s.newSession(route{peer: peer}, 0)
	s.server = target
	s.table.put(sess)
	s.logStarted(sess, false)
	sess.assoc = engine.NewClient(s.engineConfig(s.host.profile), s.ws, s.now, s.target(target))
	s.drain(sess)
}

// target describes the server to the engine.
func (s *shard) target(name string) engine.Target {
	t := engine.Target{ServerName: serverNameIndication(s.host.config.ServerName)}
	cache := s.host.config.ClientSessionCache
	if cache == nil {
		return t
	}
	s.callOut()
	session := cache.Get(name)
	if session != nil && session.usedOnce() {
		forget(cache, name)
	}
	s.callBack()
	if session != nil {
		t.Session = session.state
	}
	return t
}

// serverNameIndication returns the name to ask for.
//
// RFC 6066, Section 3: "Literal IPv4 and IPv6 addresses are not permitted",
// and names have no dot at the end.
func serverNameIndication(name string) string {
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return ""
	}
	return strings.TrimSuffix(name, ".")
}

// hangUp says goodbye to a client's server.
func (s *shard) hangUp() {
	s.leaving.whenIdle = true
	for s.table.len() > 0 {
		s.close(s.table.last(), ErrSessionClosed)
	}
}
