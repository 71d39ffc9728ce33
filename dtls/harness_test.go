package dtls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// Addresses of the networks in memory.
const (
	serverAddress = "192.0.2.1:22334"
	clientAddress = "198.51.100.7:40000"
)

// virtualStart is when virtual time begins.
var virtualStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

var (
	serverPeer = netip.MustParseAddrPort(serverAddress)
	clientPeer = netip.MustParseAddrPort(clientAddress)
	testKey    = []byte{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f} // that of Qt's examples
)

// The tests run once for each version, which servers of worlds then speak alone.
// Their clients speak both.
var version uint16

func TestMain(m *testing.M) {
	code := 0
	for _, version = range []uint16{VersionDTLS12, VersionDTLS13} {
		code = max(code, m.Run())
	}
	os.Exit(code)
}

// about skips a test that is about one version in the run for the other one.
func about(t *testing.T, v uint16) {
	t.Helper()
	if v != version {
		t.Skip("about " + VersionName(v))
	}
}

// A world is a server, clients and the network between them, in virtual time.
type world struct {
	t   testing.TB
	net *memNet
	srv *Server
	log *logBook // of the server

	serving chan error
}

// inWorld runs f in virtual time with a server that echoes. change may change
// the server before it starts.
func inWorld(t *testing.T, change func(*Server), f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, change)
		f(w)
		w.stop()
	})
}

func newWorld(t testing.TB, change func(*Server)) *world {
	w := unservedWorld(t, change)
	w.serve(serverAddress)
	return w
}

// unservedWorld is newWorld without a socket.
func unservedWorld(t testing.TB, change func(*Server)) *world {
	w := &world{t: t, net: newMemNet(), log: &logBook{}, serving: make(chan error, 1)}
	w.srv = &Server{
		Config:  &Config{PSK: StaticPSK{"*": testKey}, Observer: w.log.observer("")},
		Handler: HandlerFunc(func(s *Session, b []byte) { s.Send(b) }),
	}
	if change != nil {
		change(w.srv)
	}
	if c := w.srv.Config; c.MinVersion == 0 && c.MaxVersion == 0 {
		c.MinVersion, c.MaxVersion = version, version
	}
	return w
}

func (w *world) serveGroup(sockets []net.PacketConn) {
	go func() { w.serving <- w.srv.ServeGroup(sockets) }()
	synctest.Wait()
}

func (w *world) serve(address string) {
	go func() { w.serving <- w.srv.Serve(w.net.listen(address)) }()
	synctest.Wait()
}

// stop ends the server, if that is left to do.
func (w *world) stop() {
	w.srv.Close()
	if err := <-w.serving; err != ErrServerClosed {
		w.t.Errorf("Serve returned %v", err)
	}
}

// clientConfig returns the configuration of a client with the right key.
func clientConfig() *Config { return clientConfigFor("client", testKey) }

func clientConfigFor(identity string, key []byte) *Config {
	return &Config{ClientPSK: StaticClientPSK(identity, key)}
}

// dial returns a client with a complete handshake.
func (w *world) dial(local string, config *Config) *Conn {
	w.t.Helper()
	c, err := w.tryDial(local, config)
	if err != nil {
		w.t.Fatalf("handshake from %s: %v", local, err)
	}
	w.settle()
	return c
}

func (w *world) tryDial(local string, config *Config) (*Conn, error) {
	w.t.Helper()
	c, err := Client(w.net.dial(local, serverAddress), config)
	if err != nil {
		return nil, err
	}
	if err := c.Handshake(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// tryAdmission is tryDial until the server has let the client in as well, which
// in DTLS 1.3 shows later.
func (w *world) tryAdmission(local string, config *Config) (*Conn, error) {
	w.t.Helper()
	c, err := w.tryDial(local, config)
	if err != nil || version == VersionDTLS12 {
		return c, err
	}
	if err := echo(c, "may I come in?"); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// settle waits until the server is ready too, which in DTLS 1.3 it is after the
// client.
func (w *world) settle() {
	if version == VersionDTLS13 {
		synctest.Wait()
	}
}

// wantEcho sends a datagram and expects it back within a second.
func (w *world) wantEcho(c *Conn, text string) {
	w.t.Helper()
	if err := echo(c, text); err != nil {
		w.t.Fatalf("echo of %q: %v", text, err)
	}
}

func echo(c *Conn, text string) error {
	c.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	buf := make([]byte, 1<<14)
	n, err := c.Read(buf)
	if err == nil && string(buf[:n]) != text {
		err = fmt.Errorf("got %q", buf[:n])
	}
	return err
}

// vanish ends a client as a crash does: nothing is said, and the address is
// free again.
func (w *world) vanish(c *Conn) {
	w.net.lose(loseAll)
	c.Close()
	w.net.lose(loseNone)
}

// inject sends a datagram to the server in somebody's name, and lets it take
// effect.
func (w *world) inject(from netip.AddrPort, datagram []byte) {
	w.net.send(from, serverPeer, datagram)
	synctest.Wait()
}

// record returns a datagram of one record.
func record(t wire.ContentType, version wire.Version, epoch uint16, seq uint64, payload []byte) []byte {
	return append(wire.AppendRecordHeader(nil, t, version, epoch, seq, len(payload)), payload...)
}

// capture keeps what goes over the network.
func (w *world) capture() func() []packet {
	var mu sync.Mutex
	var packets []packet
	w.net.lose(func(p packet) bool {
		mu.Lock()
		defer mu.Unlock()
		packets = append(packets, p)
		return false
	})
	return func() []packet {
		mu.Lock()
		defer mu.Unlock()
		return packets
	}
}

// A logBook keeps what an observer hears.
type logBook struct {
	mu      sync.Mutex
	entries []Entry
}

func (l *logBook) observer(name string) *Observer {
	return &Observer{Name: name, Log: func(e Entry) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.entries = append(l.entries, e)
	}}
}

// lines returns the texts so far and forgets them.
func (l *logBook) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := make([]string, len(l.entries))
	for i, e := range l.entries {
		lines[i] = e.Text
	}
	l.entries = nil
	return lines
}

// has reports whether there was an entry of a kind with that text in it.
func (l *logBook) has(kind Kind, part string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.Kind == kind && strings.Contains(e.Text, part) {
			return true
		}
	}
	return false
}

// wantLines compares lines.
func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("lines:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// wantDrops checks a counter of the server.
func (w *world) wantDrops(reason wire.Drop, want uint64) {
	w.t.Helper()
	if got := w.srv.Stats().Drops[reason]; got != want {
		w.t.Errorf("%d drops for %v, want %d", got, reason, want)
	}
}

// A roll keeps which sessions were opened and closed.
type roll struct {
	mu     sync.Mutex
	opened []*Session
	closed []error
}

// keep sets the hooks of a server.
func (r *roll) keep(s *Server) {
	s.Opened = func(sess *Session) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.opened = append(r.opened, sess)
	}
	s.Closed = func(_ *Session, reason error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.closed = append(r.closed, reason)
	}
}

func (r *roll) session(i int) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened[i]
}

func (r *roll) reasons() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]error(nil), r.closed...)
}

// wantReasons compares the reasons for which sessions were closed so far.
func (r *roll) wantReasons(t testing.TB, want ...error) {
	t.Helper()
	got := r.reasons()
	if len(got) != len(want) {
		t.Errorf("sessions closed for %v, want %v", got, want)
		return
	}
	for i := range want {
		if !errors.Is(got[i], want[i]) {
			t.Errorf("session %d closed for %v, want %v", i, got[i], want[i])
		}
	}
}

// rawPeer is a socket without DTLS behind it.
type rawPeer struct {
	*memSocket
	t testing.TB
}

func (w *world) raw(address string) rawPeer { return rawPeer{w.net.listen(address), w.t} }

// tell sends a datagram to the server.
func (p rawPeer) tell(datagram []byte) {
	p.WriteTo(datagram, net.UDPAddrFromAddrPort(serverPeer))
	synctest.Wait()
}

// answer returns the next datagram, or nil if there is none.
func (p rawPeer) answer() []byte {
	if got, _, ok := p.take(); ok {
		return got.data
	}
	return nil
}

// firstHello returns the first datagram of a client: a ClientHello.
func firstHello(t testing.TB) []byte {
	t.Helper()
	n := newMemNet()
	server := n.listen(serverAddress)
	c, err := Client(n.dial(clientAddress, serverAddress), clientConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	go c.Read(nil)
	buf := make([]byte, 2048)
	size, _, err := server.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(buf[:size])
}
