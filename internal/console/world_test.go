package console

import (
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

var (
	serverPeer = netip.MustParseAddrPort("192.0.2.1:22334")
	clientPeer = netip.MustParseAddrPort("198.51.100.7:40000")
	testKey    = []byte("a key for tests.")
)

// A world is a server that is watched, and the network before it, in virtual
// time.
type world struct {
	t        *testing.T
	network  *network
	server   *dtls.Server
	traces   *traces
	captures *captures
}

// inWorld runs f with a server that echoes. change may change the server before
// it starts.
func inWorld(t *testing.T, change func(*dtls.Server), f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: newNetwork(), traces: newTraces(), captures: newCaptures()}
		w.server = &dtls.Server{
			Config: &dtls.Config{
				PSK: dtls.StaticPSK{"sensor-7": testKey},
				Observer: &dtls.Observer{
					Log: w.traces.log, Handshake: w.traces.handshake, Drop: w.traces.drop,
					Packet: w.captures.packet, Secret: w.captures.secret,
				},
			},
			Handler: dtls.HandlerFunc(func(s *dtls.Session, b []byte) { s.Send(b) }),
			Closed:  func(s *dtls.Session, _ error) { w.captures.closed(s.ID()) },
		}
		if change != nil {
			change(w.server)
		}
		if c := w.server.Config; c.MinVersion == 0 && c.MaxVersion == 0 {
			c.MaxVersion = dtls.VersionDTLS12
		}
		served := make(chan error)
		go func() { served <- w.server.Serve(w.network.listen(serverPeer)) }()
		synctest.Wait()
		f(w)
		w.server.Close()
		if err := <-served; !errors.Is(err, dtls.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
	})
}

// inWorld13 is inWorld with a server of DTLS 1.3.
func inWorld13(t *testing.T, change func(*dtls.Server), f func(w *world)) {
	inWorld(t, func(s *dtls.Server) {
		if change != nil {
			change(s)
		}
		s.Config.MinVersion = dtls.VersionDTLS13
	}, f)
}

// clientConfig returns the configuration of a client with the right key.
func clientConfig() *dtls.Config {
	return &dtls.Config{ClientPSK: dtls.StaticClientPSK("sensor-7", testKey)}
}

// dial returns a client with a complete handshake.
func (w *world) dial(config *dtls.Config) *dtls.Conn {
	w.t.Helper()
	c, err := w.tryDial(config)
	if err != nil {
		w.t.Fatalf("handshake: %v", err)
	}
	return c
}

func (w *world) tryDial(config *dtls.Config) (*dtls.Conn, error) {
	s := w.network.listen(clientPeer)
	s.peer = serverPeer
	c, err := dtls.Client(s, config)
	if err != nil {
		return nil, err
	}
	if err = c.Handshake(); err != nil {
		c.Close()
	}
	synctest.Wait()
	return c, err
}

// fail has a client try in vain.
func (w *world) fail(config *dtls.Config) {
	w.t.Helper()
	if _, err := w.tryDial(config); err == nil {
		w.t.Fatal("the handshake succeeded")
	}
}

// echo sends a datagram to the server and waits for it to come back.
func (w *world) echo(c *dtls.Conn, text string) {
	w.t.Helper()
	c.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		w.t.Fatal(err)
	}
	b := make([]byte, 1<<14)
	if n, err := c.Read(b); err != nil || string(b[:n]) != text {
		w.t.Fatalf("echo: got %q, %v", b[:n], err)
	}
}

// inject sends a datagram to the server in somebody's name, and lets it take
// effect.
func (w *world) inject(from netip.AddrPort, payload []byte) {
	w.network.send(from, serverPeer, payload)
	synctest.Wait()
}

// loseNth loses the n-th datagram of the server, and no other.
func (w *world) loseNth(n int) {
	seen := 0
	w.network.lose(func(d datagram) bool {
		if d.from == serverPeer {
			seen++
		}
		return d.from == serverPeer && seen == n
	})
}

// trace returns the newest trace.
func (w *world) trace() HandshakeTrace {
	w.t.Helper()
	all := w.traces.summaries()
	if len(all) == 0 {
		w.t.Fatal("there is no trace")
	}
	trace, ok := w.traces.get(all[0].ID)
	if !ok {
		w.t.Fatal("the trace is gone")
	}
	return trace
}

// want checks outcome and explanation of the newest trace.
func (w *world) want(outcome Outcome, explanation string) {
	w.t.Helper()
	got := w.trace()
	if got.Outcome != outcome || got.Explanation != explanation {
		w.t.Errorf("got  %s %q\nwant %s %q\nsteps %s", got.Outcome, got.Explanation, outcome, explanation, strings.Join(stepLines(got), "; "))
	}
}

// stepLines has a short line for each step.
func stepLines(t HandshakeTrace) []string {
	var lines []string
	for _, s := range t.Trace {
		direction := "<"
		if s.Sent {
			direction = ">"
		}
		line := direction + " " + string(s.Kind)
		if s.Kind == StepMessage {
			line = direction
		}
		lines = append(lines, strings.TrimSpace(line+" "+s.Name))
	}
	return lines
}

// wantSteps checks the steps of the newest trace.
func (w *world) wantSteps(want ...string) {
	w.t.Helper()
	if got := stepLines(w.trace()); !slices.Equal(got, want) {
		w.t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), strings.Join(want, "; "))
	}
}
