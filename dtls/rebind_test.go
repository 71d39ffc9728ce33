package dtls

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The server asks at the old address, where the client still listens and says
// that it has moved: no time is lost.
func TestRebindMovesTheSessionToAnotherSocket(t *testing.T) {
	var r roll
	var m moveBook
	inWorld(t, func(s *Server) { r.keep(s); m.keep(s) }, func(w *world) {
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "from the old address")
		start := time.Now()
		if err := c.Rebind(w.net.dial(otherAddress, serverAddress)); err != nil {
			t.Fatal(err)
		}
		if got := c.LocalAddr().String(); got != otherAddress {
			t.Errorf("the connection is at %s", got)
		}
		w.wantEcho(c, "from the new address")
		if waited := time.Since(start); waited != 0 {
			t.Errorf("it took %v", waited)
		}
		m.want(t, AddressChange{From: clientPeer, To: otherPeer, Checked: true})

		// And again, while the first socket is still read.
		if err := c.Rebind(w.net.dial(thirdAddress, serverAddress)); err != nil {
			t.Fatal(err)
		}
		w.wantEcho(c, "from the third address")
		if got := r.session(0).RemoteAddr(); got != thirdPeer {
			t.Errorf("the peer is at %v", got)
		}
		if got := w.srv.Stats(); got.HandshakesStarted != 1 || got.Sessions != 1 {
			t.Errorf("stats: %+v", got)
		}
		time.Sleep(2 * farewell)
		w.wantEcho(c, "when the old sockets are closed")
		if taken := w.net.taken(); taken != 2 {
			t.Errorf("%d sockets are open", taken)
		}
		c.Close()
		synctest.Wait()
		r.wantReasons(t, ErrPeerClosed)
	})
}

// taken returns how many sockets are open.
func (n *memNet) taken() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.sockets)
}

// What is sent while the server finds out arrives in order.
func TestWhatIsSentDuringACheckArrivesAfterIt(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		w.wantEcho(c, "from the old address")
		n.rebind(otherPeer)
		c.Write([]byte("one"))
		synctest.Wait()
		for range maxHeld + 3 {
			r.session(0).Send([]byte("two"))
		}
		synctest.Wait()
		w.wantDrops(wire.DropUnprovenAddress, 4)
		c.SetReadDeadline(time.Now().Add(2 * time.Second))
		buf := make([]byte, 100)
		for i := range maxHeld {
			want := "two"
			if i == 0 {
				want = "one"
			}
			if size, err := c.Read(buf); err != nil || string(buf[:size]) != want {
				t.Fatalf("%d: %q, %v", i, buf[:size], err)
			}
		}
		c.Close()
	})
}

// A session that is closed during a check says so to where the peer was.
func TestSessionClosedDuringACheck(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		n := w.rebinding()
		c := w.dial(clientAddress, movingConfig())
		n.rebind(otherPeer)
		c.Write([]byte("one"))
		synctest.Wait()
		r.session(0).Close()
		time.Sleep(5 * time.Second)
		r.wantReasons(t, ErrSessionClosed)
		if got := w.srv.Stats().Sessions; got != 0 {
			t.Errorf("%d sessions", got)
		}
		w.srv.shards[0].mu.Lock()
		defer w.srv.shards[0].mu.Unlock()
		if n := len(w.srv.shards[0].table.byCID); n != 0 {
			t.Errorf("%d connection IDs are still known", n)
		}
		c.Close()
	})
}

func TestRebindNeedsAConnectionID(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		other := w.net.dial(otherAddress, serverAddress)
		if err := c.Rebind(other); err != ErrNoConnectionID {
			t.Errorf("Rebind: %v", err)
		}
		if err := c.Rebind(nil); err != errNoSocket {
			t.Errorf("Rebind to nothing: %v", err)
		}
		w.wantEcho(c, "from where it was")
		c.Close()
		if err := c.Rebind(other); err == nil {
			t.Error("a closed connection was moved")
		}
		other.Close()
	})
}

func TestRebindOverLoopback(t *testing.T) {
	server, _ := loopback(t, nil)
	config := movingConfig()
	config.ConnectionIDLength = 3
	address := server.Addrs()[0].String()
	c, err := Dial("udp", address, config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 3 {
		if err := echo(c, "here"); err != nil {
			t.Fatal(err)
		}
		before := c.LocalAddr().String()
		conn, err := net.Dial("udp", address)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Rebind(conn); err != nil {
			t.Fatal(err)
		}
		if err := echo(c, "there"); err != nil {
			t.Fatal(err)
		}
		if c.LocalAddr().String() == before {
			t.Error("the address is the same")
		}
	}
	if got := server.Stats(); got.AddressChanges != 3 || got.Sessions != 2 {
		t.Errorf("stats: %+v", got)
	}
}
