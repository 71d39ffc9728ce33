package daemon

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

var testKey = []byte{0x1a, 0x2b}

// A rig is a station on loopback that answers every datagram.
type rig struct {
	*station
	addresses chan []net.Addr // of each time that it opened its sockets
}

func newRig(t *testing.T) *rig {
	r := &rig{addresses: make(chan []net.Addr, 10)}
	r.station = &station{
		server: &dtls.Server{
			Config:  &dtls.Config{PSK: dtls.StaticPSK{"*": testKey}},
			Handler: ReplyEcho.handler(),
		},
		opened:  func(a []net.Addr) { r.addresses <- a },
		missing: func(error) {},
		parted:  func(int, error) {},
		failed:  make(chan error, 1),
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		r.close(ctx)
		select {
		case err := <-r.failed:
			t.Error(err)
		default:
		}
	})
	return r
}

func (r *rig) mustListen(t *testing.T, addresses ...string) {
	t.Helper()
	where, err := places(addresses)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.listen(t.Context(), where); err != nil {
		t.Fatal(err)
	}
}

// opens returns the address that was opened last.
func (r *rig) opens(t *testing.T) string {
	t.Helper()
	select {
	case a := <-r.addresses:
		return a[0].String()
	default:
		t.Fatal("no socket was opened")
		return ""
	}
}

func dial(t *testing.T, address string, timeout time.Duration) (*dtls.Conn, error) {
	t.Helper()
	return dtls.Dial("udp", address, &dtls.Config{
		HandshakeTimeout: timeout,
		ClientPSK:        dtls.StaticClientPSK("alice", testKey),
	})
}

func mustDial(t *testing.T, address string) *dtls.Conn {
	t.Helper()
	conn, err := dial(t, address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

func wantEcho(t *testing.T, conn net.Conn) {
	t.Helper()
	buf := make([]byte, 100)
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("got %q, %v", buf[:n], err)
	}
}

func TestListeningAgainOnTheSameAddressChangesNothing(t *testing.T) {
	r := newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	conn := mustDial(t, r.opens(t))
	r.mustListen(t, "127.0.0.1:0")
	if len(r.addresses) > 0 {
		t.Error("a socket was opened")
	}
	wantEcho(t, conn)
}

func TestListeningElsewhereSaysGoodbyeToEveryPeer(t *testing.T) {
	r := newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	first := r.opens(t)
	conn := mustDial(t, first)
	r.mustListen(t, "127.0.0.2:0")
	if _, err := conn.Read(make([]byte, 100)); !errors.Is(err, net.ErrClosed) && err.Error() != "EOF" {
		t.Errorf("the peer of the old address got %v", err)
	}
	wantEcho(t, mustDial(t, r.opens(t)))
	if _, err := dial(t, first, time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the old address is still open: %v", err)
	}
}

func TestNotAcceptingKeepsThoseWhoAreThere(t *testing.T) {
	r := newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	address := r.opens(t)
	conn := mustDial(t, address)
	r.stopAccepting()
	wantEcho(t, conn)
	if _, err := dial(t, address, 300*time.Millisecond); !errors.Is(err, dtls.ErrHandshakeTimeout) {
		t.Errorf("a new peer got %v", err)
	}
	r.mustListen(t, "127.0.0.1:0")
	wantEcho(t, mustDial(t, address))
	wantEcho(t, conn)
}

func TestAddressInUseIsReportedInQtsWords(t *testing.T) {
	r, other := newRig(t), newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	address := r.opens(t)
	where, err := places([]string{"127.0.0.1:0", address})
	if err != nil {
		t.Fatal(err)
	}
	err = other.listen(t.Context(), where)
	if err == nil || !strings.Contains(err.Error(), address+": the bound address is already in use") || hintOf(err) == "" {
		t.Errorf("got %v, hint %q", err, hintOf(err))
	}
	if len(other.addresses) > 0 {
		t.Error("it listens on a part of the addresses")
	}
}

func TestWhereListeningIsImpossibleThePeersOfBeforeStay(t *testing.T) {
	r := newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	conn := mustDial(t, r.opens(t))
	other := newRig(t)
	other.mustListen(t, "127.0.0.1:0")
	for name, address := range map[string]string{
		"an address that there is not": "192.0.2.1:0", // RFC 5737, Section 3: nobody has it
		"a port that is taken":         other.opens(t),
	} {
		where, err := places([]string{address})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.listen(t.Context(), where); err == nil {
			t.Errorf("it listens on %s", name)
		}
		wantEcho(t, conn)
	}
}

func TestWildcardTakesThePlaceOfOneOfItsAddresses(t *testing.T) {
	r := newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(r.opens(t))
	r.mustListen(t, "0.0.0.0:"+port)
	wantEcho(t, mustDial(t, "127.0.0.1:"+port))
}

func TestDisconnectSaysGoodbyeAndListensNoMore(t *testing.T) {
	r := newRig(t)
	r.mustListen(t, "127.0.0.1:0")
	address := r.opens(t)
	if got, accepting := r.listening(); len(got) != 1 || got[0] != address || !accepting {
		t.Errorf("listening on %v, %v", got, accepting)
	}
	conn := mustDial(t, address)
	wantEcho(t, conn) // the server is ready too
	if told, err := r.disconnect(t.Context()); told != 1 || err != nil {
		t.Errorf("told %d, %v", told, err)
	}
	if _, err := conn.Read(make([]byte, 100)); err != io.EOF {
		t.Errorf("the peer got %v", err)
	}
	if got, accepting := r.listening(); len(got) != 0 || accepting {
		t.Errorf("listening on %v, %v", got, accepting)
	}
	r.mustListen(t, address)
	wantEcho(t, mustDial(t, address))
}

// A socket that is given up before it was served is no accident, and is not
// left open.
func TestDisconnectRightAfterListenLeavesNothing(t *testing.T) {
	r := newRig(t)
	for range 50 {
		r.mustListen(t, "127.0.0.1:0")
		address := r.opens(t)
		r.disconnect(t.Context())
		socket, err := net.ListenPacket("udp", address)
		if err != nil {
			t.Fatal(err)
		}
		socket.Close()
	}
}

func TestMachineWithoutOneOfTheDefaultAddressesIsServedOnTheOther(t *testing.T) {
	r := newRig(t)
	var missed []error
	r.missing = func(err error) { missed = append(missed, err) }
	where := []place{
		{address: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}},
		{address: &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1)}, optional: true}, // RFC 5737, Section 3: nobody has it
	}
	if err := r.listen(t.Context(), where); err != nil {
		t.Fatal(err)
	}
	if len(missed) != 1 || !strings.Contains(missed[0].Error(), "not listening on 192.0.2.1:0") {
		t.Errorf("told of %v", missed)
	}
	where[1].optional = false
	if err := newRig(t).listen(t.Context(), where); err == nil || hintOf(err) == "" {
		t.Errorf("an address that was asked for: %v", err)
	}
}

func TestOnlyTheSecondDefaultAddressIsOptional(t *testing.T) {
	defaults, err := places(nil)
	if err != nil || len(defaults) != 2 || defaults[0].optional || !defaults[1].optional {
		t.Errorf("defaults: %+v, %v", defaults, err)
	}
	asked, err := places([]string{"[::1]:22334"})
	if err != nil || asked[0].optional {
		t.Errorf("asked for: %+v, %v", asked, err)
	}
}

func TestWildcardsOfBothFamiliesLiveTogether(t *testing.T) {
	if !hasIPv6() {
		t.Skip("no IPv6 here")
	}
	r := newRig(t)
	r.mustListen(t, "0.0.0.0:0")
	address := r.opens(t)
	if !strings.HasPrefix(address, "0.0.0.0:") {
		t.Errorf("it says that it listens on %s", address)
	}
	_, port, _ := net.SplitHostPort(address)
	if _, err := dial(t, "[::1]:"+port, time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("0.0.0.0 and IPv6: %v", err)
	}
	wantEcho(t, mustDial(t, "127.0.0.1:"+port))

	other := newRig(t)
	other.mustListen(t, "[::]:"+port)
	if got := other.opens(t); got != "[::]:"+port {
		t.Errorf("it says that it listens on %s", got)
	}
	wantEcho(t, mustDial(t, "[::1]:"+port))
}

func TestPortAloneMeansBothFamilies(t *testing.T) {
	if !hasIPv6() {
		t.Skip("no IPv6 here")
	}
	r := newRig(t)
	r.mustListen(t, ":0")
	_, port, _ := net.SplitHostPort(r.opens(t))
	wantEcho(t, mustDial(t, "127.0.0.1:"+port))
	wantEcho(t, mustDial(t, "[::1]:"+port))
}

func hasIPv6() bool {
	socket, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err == nil {
		socket.Close()
	}
	return err == nil
}
