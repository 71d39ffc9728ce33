package dtls

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// pipe returns two connected Conns, the accepted one first.
func pipe(n *memNet, change func(*Config)) (accepted, dialled *Conn, ln *Listener, err error) {
	config := &Config{PSK: StaticPSK{"*": testKey}}
	if change != nil {
		change(config)
	}
	ln, err = NewListener(n.listen(serverAddress), config)
	if err != nil {
		return nil, nil, nil, err
	}
	client := clientConfig()
	client.ReadQueue = config.ReadQueue
	dialled, err = Client(n.dial(clientAddress, serverAddress), client)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := dialled.Handshake(); err != nil {
		return nil, nil, nil, err
	}
	c, err := ln.Accept()
	if err != nil {
		return nil, nil, nil, err
	}
	return c.(*Conn), dialled, ln, nil
}

// inPipe runs f in virtual time with two connected Conns.
func inPipe(t *testing.T, change func(*Config), f func(t *testing.T, accepted, dialled *Conn)) {
	synctest.Test(t, func(t *testing.T) {
		accepted, dialled, ln, err := pipe(newMemNet(), change)
		if err != nil {
			t.Fatal(err)
		}
		f(t, accepted, dialled)
		dialled.Close()
		accepted.Close()
		ln.Close()
	})
}

// The suite of golang.org/x/net. Nothing of it is left out: a queue that holds
// all that the suite writes stands in for the reliability that it expects.
func TestConnIsANetConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		accepted, dialled, ln, err := pipe(newMemNet(), func(c *Config) { c.ReadQueue = 1 << 20 })
		if err != nil {
			return nil, nil, nil, err
		}
		return dialled, accepted, func() {
			accepted.Close()
			dialled.Close()
			ln.Close()
		}, nil
	})
}

func TestConnKeepsTheBoundsOfDatagrams(t *testing.T) {
	inPipe(t, nil, func(t *testing.T, accepted, dialled *Conn) {
		for _, text := range []string{"first", "second", "a longer one"} {
			io.WriteString(dialled, text)
		}
		buf := make([]byte, 8)
		for _, want := range []string{"first", "second"} {
			if n, err := accepted.Read(buf); string(buf[:n]) != want || err != nil {
				t.Errorf("Read = %q, %v; want %q", buf[:n], err, want)
			}
		}
		if n, err := accepted.Read(buf); string(buf[:n]) != "a longer" || err != io.ErrShortBuffer {
			t.Errorf("Read with too small a buffer = %q, %v", buf[:n], err)
		}
		if n, err := dialled.Write(make([]byte, dialled.MaxPayload()+1)); n != 0 || err != ErrMessageTooLarge {
			t.Errorf("Write of too much = %d, %v", n, err)
		}
	})
}

func TestConnAddresses(t *testing.T) {
	inPipe(t, nil, func(t *testing.T, accepted, dialled *Conn) {
		for _, test := range []struct {
			got  net.Addr
			want string
		}{
			{accepted.LocalAddr(), serverAddress},
			{accepted.RemoteAddr(), clientAddress},
			{dialled.LocalAddr(), clientAddress},
			{dialled.RemoteAddr(), serverAddress},
		} {
			if test.got.String() != test.want || test.got.Network() != "udp" {
				t.Errorf("address %v of %s, want %s", test.got, test.got.Network(), test.want)
			}
		}
	})
}

func TestConnEndsWithEOFAfterAllThatCameBefore(t *testing.T) {
	inPipe(t, nil, func(t *testing.T, accepted, dialled *Conn) {
		io.WriteString(dialled, "last words")
		dialled.Close()
		synctest.Wait()
		buf := make([]byte, 100)
		if n, err := accepted.Read(buf); string(buf[:n]) != "last words" || err != nil {
			t.Errorf("Read = %q, %v", buf[:n], err)
		}
		if _, err := accepted.Read(buf); err != io.EOF {
			t.Errorf("Read after that: %v", err)
		}
		if _, err := accepted.Write(buf); err != ErrPeerClosed {
			t.Errorf("Write after that: %v", err)
		}
		for name, f := range map[string]func([]byte) (int, error){"Read": dialled.Read, "Write": dialled.Write} {
			if _, err := f(buf); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s on the closed end: %v", name, err)
			}
		}
	})
}

func TestConnDropsWhatNobodyReads(t *testing.T) {
	inPipe(t, func(c *Config) { c.ReadQueue = 3 }, func(t *testing.T, accepted, dialled *Conn) {
		for i := range 5 {
			dialled.Write([]byte{byte(i)})
		}
		synctest.Wait()
		buf := make([]byte, 10)
		for i := range 3 {
			if n, err := accepted.Read(buf); n != 1 || buf[0] != byte(i) || err != nil {
				t.Errorf("Read = %v, %v; want %d", buf[:n], err, i)
			}
		}
		shard := accepted.session.Load().shard
		if got := shard.counters.drops[wire.DropReadQueueFull].Load(); got != 2 {
			t.Errorf("%d counted, want 2", got)
		}
		dialled.Write([]byte{9})
		if n, err := accepted.Read(buf); n != 1 || buf[0] != 9 || err != nil {
			t.Errorf("Read = %v, %v; want the one that came when there was room", buf[:n], err)
		}
	})
}

func TestConnDeadlines(t *testing.T) {
	inPipe(t, nil, func(t *testing.T, accepted, dialled *Conn) {
		start := time.Now()
		accepted.SetReadDeadline(start.Add(time.Second))
		if _, err := accepted.Read(nil); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Read = %v after %v", err, time.Since(start))
		}
		// A deadline that is moved holds for the Read in progress.
		accepted.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Second, func() { accepted.SetDeadline(time.Now()) })
		start = time.Now()
		if _, err := accepted.Read(nil); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Read = %v after %v", err, time.Since(start))
		}
		if _, err := accepted.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write = %v", err)
		}
		accepted.SetDeadline(time.Now().Add(time.Minute))
		io.WriteString(dialled, "in time")
		buf := make([]byte, 10)
		if n, err := accepted.Read(buf); string(buf[:n]) != "in time" || err != nil {
			t.Errorf("Read = %q, %v", buf[:n], err)
		}
	})
}

// Write waits where Session.Send would say that the queue is full, and loses
// nothing.
func TestConnWriteWaitsForRoom(t *testing.T) {
	inPipe(t, func(c *Config) { c.ReadQueue = 3 * maxInboxItems }, func(t *testing.T, accepted, dialled *Conn) {
		const n = 2 * maxInboxItems
		go func() {
			for i := range n {
				if _, err := dialled.Write([]byte{byte(i)}); err != nil {
					t.Errorf("Write %d: %v", i, err)
					return
				}
			}
		}()
		buf := make([]byte, 1)
		for i := range n {
			if _, err := accepted.Read(buf); err != nil || buf[0] != byte(i) {
				t.Fatalf("Read %d = %d, %v", i, buf[0], err)
			}
		}
	})
}

func TestConnHandshakesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		ln, err := NewListener(n.listen(serverAddress), &Config{PSK: StaticPSK{"*": testKey}})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Client(n.dial(clientAddress, serverAddress), clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		if c.ConnectionState().HandshakeComplete || c.MaxPayload() != 0 {
			t.Error("there was a handshake before anybody asked for it")
		}
		io.WriteString(c, "hello")
		accepted, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		if n, err := accepted.Read(buf); string(buf[:n]) != "hello" {
			t.Errorf("Read = %q, %v", buf[:n], err)
		}
		c.Close()
		accepted.Close()
		ln.Close()
	})
}

func TestHandshakeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		silent := n.listen(serverAddress)
		c, err := Client(n.dial(clientAddress, serverAddress), clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if err := c.HandshakeContext(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("HandshakeContext = %v after %v", err, time.Since(start))
		}
		if _, err := c.Read(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read = %v", err)
		}
		silent.Close()
	})
}

// A server with another key stays silent. Who waits for our last flight to be
// repeated twice, at 1 s and at 3 s, hears of the key, whatever ends the wait.
func TestImpatienceTellsOfAWrongKey(t *testing.T) {
	about(t, VersionDTLS12)
	for _, test := range []struct {
		patience time.Duration
		want     bool
	}{{2 * time.Second, false}, {4 * time.Second, true}} {
		inWorld(t, nil, func(w *world) {
			c, err := Client(w.net.dial(clientAddress, serverAddress), clientConfigFor("client", []byte("another key")))
			if err != nil {
				t.Fatal(err)
			}
			c.SetReadDeadline(time.Now().Add(test.patience))
			_, err = c.Read(nil)
			var timeout net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() || errors.Is(err, ErrWrongKey) != test.want {
				t.Errorf("Read = %v after %v", err, test.patience)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 0)
			defer cancel()
			err = c.HandshakeContext(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrWrongKey) != test.want {
				t.Errorf("HandshakeContext = %v after %v", err, test.patience)
			}
			if text := "dtls: handshake with 192.0.2.1:22334: context deadline exceeded: the pre-shared keys"; test.want && !strings.HasPrefix(err.Error(), text) {
				t.Errorf("HandshakeContext = %v", err)
			}
			if _, err := c.Write(nil); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write = %v", err)
			}
		})
	}
}

func TestConnClosedBeforeItsHandshake(t *testing.T) {
	n := newMemNet()
	socket := n.dial(clientAddress, serverAddress)
	c, err := Client(socket, clientConfig())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	c.Close()
	if !isClosed(socket.gone) {
		t.Error("the socket is open")
	}
	if err := c.Handshake(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Handshake = %v", err)
	}
}

func TestClientOverASocketThatIsNotConnected(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c, err := ClientPacket(w.net.listen(clientAddress), net.UDPAddrFromAddrPort(serverPeer), clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		w.wantEcho(c, "hello")
		// What others send to the socket is not for the connection.
		w.net.send(clientPeer, clientPeer, record(wire.ContentApplicationData, wire.VersionDTLS12, 1, 5, make([]byte, 40)))
		w.wantEcho(c, "again")
		if got := c.dialled.shard.counters.drops[wire.DropUnknownPeer].Load(); got != 1 {
			t.Errorf("%d datagrams of strangers counted", got)
		}
		c.Close()
	})
	if _, err := ClientPacket(&net.UDPConn{}, &net.UnixAddr{Name: "/run/socket"}, clientConfig()); err == nil {
		t.Error("ClientPacket to a file succeeded")
	}
}

// An ICMP message ends a handshake. An established connection outlives it: it
// can be forged, and the server may come back.
func TestUnreachableServer(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		nobody, err := Client(w.net.dial("198.51.100.7:1", "192.0.2.1:1"), clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var unreachable *UnreachableError
		if err := nobody.Handshake(); !errors.As(err, &unreachable) || !errors.Is(err, syscall.ECONNREFUSED) || time.Since(start) > 0 {
			t.Errorf("Handshake = %v after %v", err, time.Since(start))
		}

		log := &logBook{}
		config := clientConfig()
		config.Observer = log.observer("")
		c := w.dial(clientAddress, config)
		w.net.sockets[clientPeer].refuse()
		synctest.Wait()
		if !log.has(KindUnreachable, "client: 192.0.2.1:22334 is unreachable: connection refused") {
			t.Errorf("log: %q", log.lines())
		}
		w.wantEcho(c, "still there")
		c.Close()
	})
}

// A server that refuses and goes has said why: that its port is closed now is no
// news.
func TestRefusalOfAServerThatIsGoneIsTold(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c, err := Client(w.net.dial(clientAddress, serverAddress), &Config{InsecureSkipVerify: true}) // the server has keys only
		if err != nil {
			t.Fatal(err)
		}
		socket := w.net.sockets[clientPeer]
		w.net.lose(func(p packet) bool {
			if p.to == clientPeer && wire.ContentType(p.data[0]) == wire.ContentAlert {
				time.AfterFunc(time.Millisecond, socket.refuse) // as ICMP does it, right behind the alert
			}
			return false
		})
		var alert *AlertError
		if err := c.Handshake(); !errors.As(err, &alert) || alert.Alert != uint8(wire.AlertHandshakeFailure) {
			t.Errorf("Handshake = %v", err)
		}
		c.Close()
	})
}

// Whoever writes while a session ends hears the reason, not just that it is closed.
func TestWriteAtTheEndOfASessionDoesNotHideTheReason(t *testing.T) {
	var r roll
	inWorld(t, r.keep, func(w *world) {
		var c *Conn
		wrote := 0
		config := clientConfig()
		config.Observer = &Observer{Log: func(Entry) {
			if c == nil {
				return
			}
			if _, err := c.Write([]byte("are you there?")); err != nil {
				t.Errorf("before anybody was told: %v", err)
			}
			wrote++
		}}
		client := w.dial(clientAddress, config)
		synctest.Wait()
		c = client
		r.session(0).Close()
		synctest.Wait()
		if wrote == 0 {
			t.Fatal("nothing was logged")
		}
		if _, err := c.Write([]byte("are you there?")); err != ErrPeerClosed {
			t.Errorf("Write: %v", err)
		}
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("Read: %v", err)
		}
		c.Close()
		if _, err := c.Write([]byte("anybody?")); err == nil {
			t.Error("a closed connection was written to")
		}
	})
}
