package dtls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// inListener runs f in virtual time with a listener.
func inListener(t *testing.T, f func(n *memNet, ln *Listener)) {
	synctest.Test(t, func(t *testing.T) {
		n := newMemNet()
		ln, err := NewListener(n.listen(serverAddress), &Config{PSK: StaticPSK{"*": testKey}})
		if err != nil {
			t.Fatal(err)
		}
		f(n, ln)
		ln.Close()
	})
}

func dialTo(t *testing.T, n *memNet, local string) *Conn {
	t.Helper()
	c, err := Client(n.dial(local, serverAddress), clientConfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestListenerAccepts(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		for i := range 3 {
			client := dialTo(t, n, fmt.Sprint("198.51.100.7:", i+1))
			server, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(client, "ping")
			buf := make([]byte, 10)
			if size, err := server.Read(buf); string(buf[:size]) != "ping" {
				t.Errorf("Read = %q, %v", buf[:size], err)
			}
			fmt.Fprint(server, "pong")
			if size, err := client.Read(buf); string(buf[:size]) != "pong" {
				t.Errorf("Read = %q, %v", buf[:size], err)
			}
			client.Close()
			server.Close()
		}
		if got := ln.Stats(); got.HandshakesCompleted != 3 || got.Sessions != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestListenerClosesWhatNobodyAccepts(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		var clients []*Conn
		for i := range acceptQueue + 1 {
			clients = append(clients, dialTo(t, n, fmt.Sprint("198.51.100.7:", i+1)))
		}
		if _, err := clients[acceptQueue].Read(nil); err != io.EOF {
			t.Errorf("the one too many: %v", err)
		}
		if got := ln.Stats().AcceptQueueFull; got != 1 {
			t.Errorf("%d counted", got)
		}
		ln.Close()
		for _, c := range clients {
			if _, err := c.Read(nil); err != io.EOF {
				t.Errorf("waiting when the listener was closed: %v", err)
			}
			c.Close()
		}
	})
}

func TestConnectionsOutliveTheirListener(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		client := dialTo(t, n, clientAddress)
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
		ln.Close()
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept = %v", err)
		}
		fmt.Fprint(client, "still here")
		buf := make([]byte, 10)
		if size, err := server.Read(buf); string(buf[:size]) != "still here" {
			t.Errorf("Read = %q, %v", buf[:size], err)
		}
		server.Close()
		<-ln.group.shards[0].done // and with the last of them the socket is closed
		client.Close()
	})
}

func TestListenerShutdownSaysGoodbye(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		accepted, waiting := dialTo(t, n, "198.51.100.7:1"), dialTo(t, n, "198.51.100.7:2")
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		ln.Close() // changes nothing about it
		if err := ln.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown = %v", err)
		}
		n.listen(serverAddress).Close() // the address is free again
		for _, c := range []*Conn{accepted, waiting} {
			if _, err := c.Read(nil); err != io.EOF {
				t.Errorf("the client reads %v", err)
			}
			c.Close()
		}
		if _, err := server.Read(nil); !errors.Is(err, ErrServerClosed) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server reads %v", err)
		}
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept = %v", err)
		}
		if err := server.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if err := ln.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown again = %v", err)
		}
	})
}

func TestListenerShutdownEndsWithItsContext(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		var clients []*Conn
		for i := range 2 * goodbyeBatch { // more than leave at once
			clients = append(clients, dialTo(t, n, fmt.Sprint("198.51.100.7:", i+1)))
			if _, err := ln.Accept(); err != nil {
				t.Fatal(err)
			}
		}
		if err := ln.Shutdown(expiredContext()); !errors.Is(err, context.Canceled) {
			t.Errorf("Shutdown = %v", err)
		}
		<-ln.group.shards[0].done
		for _, c := range clients {
			c.Close()
		}
	})
}

// expiredContext returns a context for those who will not wait.
func expiredContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func TestAcceptEndsWithTheSocket(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		failed := make(chan error)
		go func() {
			_, err := ln.Accept()
			failed <- err
		}()
		ln.group.shards[0].socket.Close()
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept = %v", err)
		}
	})
}

// A cutSocket fails for good.
type cutSocket struct{ *memSocket }

func (cutSocket) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, io.EOF }

func TestAcceptSaysWhyTheSocketFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln, err := NewListener(cutSocket{newMemNet().listen(serverAddress)}, &Config{PSK: StaticPSK{}})
		if err != nil {
			t.Fatal(err)
		}
		var op *net.OpError
		if _, err := ln.Accept(); !errors.As(err, &op) || op.Op != "accept" || !errors.Is(err, io.EOF) {
			t.Errorf("Accept = %v", err)
		}
		ln.Close()
		if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept after Close = %v", err)
		}
	})
}

// What is missing, or of the wrong kind, is an error of the call, not a panic
// on a goroutine.
func TestMissingSocketsAreErrors(t *testing.T) {
	config := &Config{PSK: StaticPSK{}, ClientPSK: clientConfig().ClientPSK}
	unconnected, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer unconnected.Close()
	for name, call := range map[string]func() error{
		"NewListener": func() error { _, err := NewListener(nil, config); return err },
		"Serve": func() error {
			return (&Server{Config: config, Handler: HandlerFunc(func(*Session, []byte) {})}).Serve(nil)
		},
		"Client": func() error { _, err := Client(nil, config); return err },
		"Client over a socket that is not connected": func() error { _, err := Client(unconnected, config); return err },
		"ClientPacket":                  func() error { _, err := ClientPacket(nil, net.UDPAddrFromAddrPort(serverPeer), config); return err },
		"ClientPacket without a server": func() error { _, err := ClientPacket(unconnected, nil, config); return err },
		"Listen":                        func() error { _, err := Listen("tcp", "127.0.0.1:0", config); return err },
		"Dial":                          func() error { _, err := Dial("tcp", "127.0.0.1:1", config); return err },
	} {
		if err := call(); err == nil || !strings.HasPrefix(err.Error(), "dtls: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestListenerNeedsAConfig(t *testing.T) {
	if _, err := Listen("udp", "127.0.0.1:0", nil); err == nil {
		t.Error("Listen without Config succeeded")
	}
	if _, err := Listen("udp", "127.0.0.1:0", &Config{}); err == nil {
		t.Error("Listen without credentials succeeded")
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if _, err := Listen("udp", pc.LocalAddr().String(), &Config{PSK: StaticPSK{}}); err == nil {
		t.Error("Listen on a port in use succeeded")
	}
}

func TestListenAndDialOverLoopback(t *testing.T) {
	ln, err := Listen("udp", "127.0.0.1:0", &Config{PSK: StaticPSK{"*": testKey}})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		io.Copy(c, c)
		c.Close()
	}()
	c, err := Dial("udp", ln.Addr().String(), clientConfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := echo(c, "over loopback"); err != nil {
		t.Error(err)
	}
	c.Close()
}
