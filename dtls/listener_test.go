package dtls

import (
	"errors"
	"fmt"
	"io"
	"net"
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
		<-ln.shard.done // and with the last of them the socket is closed
		client.Close()
	})
}

func TestAcceptEndsWithTheSocket(t *testing.T) {
	inListener(t, func(n *memNet, ln *Listener) {
		failed := make(chan error)
		go func() {
			_, err := ln.Accept()
			failed <- err
		}()
		ln.shard.socket.Close()
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept = %v", err)
		}
	})
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
