package dtls

import (
	"net"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A bareClient is a client without shard or goroutine: an engine and a socket,
// driven by the test. It costs next to nothing, so that what is measured is
// the server.
type bareClient struct {
	t     testing.TB
	conn  net.Conn
	ws    *engine.Workspace
	assoc *engine.Association
	buf   []byte
	out   []byte
	done  bool
}

// newBareClient completes a handshake over conn.
func newBareClient(t testing.TB, conn net.Conn) *bareClient {
	t.Helper()
	config := clientConfig()
	config.MinVersion, config.MaxVersion = version, version
	p, err := config.profile(engine.Client)
	if err != nil {
		t.Fatal(err)
	}
	c := &bareClient{t: t, conn: conn, ws: engine.NewWorkspace(), buf: make([]byte, 2048)}
	c.assoc = engine.NewClient(p.engine, c.ws, time.Now(), engine.Target{})
	c.drain()
	for !c.done {
		n := c.read()
		c.assoc.Receive(time.Now(), c.buf[:n])
		c.drain()
	}
	return c
}

func (c *bareClient) read() int {
	n, err := c.conn.Read(c.buf)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *bareClient) drain() {
	for {
		switch e := c.assoc.Next(); e.Kind {
		case engine.EventNone:
			return
		case engine.EventSend:
			c.conn.Write(e.Data)
		case engine.EventCompute:
			c.assoc.Resolve(time.Now(), e.Token, e.Job())
		case engine.EventLookupPSK:
			c.assoc.Resolve(time.Now(), e.Token, engine.PSK{Identity: []byte("bare"), Key: testKey})
		case engine.EventEstablished:
			c.done = true
		case engine.EventClosed:
			c.t.Fatal(e.Err)
		}
	}
}

// echo sends a message and waits for it to come back.
func (c *bareClient) echo(message []byte) {
	var err error
	if c.out, err = c.assoc.Send(c.out[:0], message); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(c.out); err != nil {
		c.t.Fatal(err)
	}
	for {
		n := c.read()
		c.assoc.Receive(time.Now(), c.buf[:n])
		for e := c.assoc.Next(); e.Kind != engine.EventNone; e = c.assoc.Next() {
			switch {
			case e.Kind == engine.EventSend:
				c.conn.Write(e.Data)
			case e.Kind == engine.EventData && len(e.Data) == len(message):
				return
			}
		}
	}
}

// dialBare returns a bareClient of a server on a real socket.
func dialBare(t testing.TB, server *Server) *bareClient {
	t.Helper()
	conn, err := net.Dial("udp", server.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	return newBareClient(t, conn)
}
