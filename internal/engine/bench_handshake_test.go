package engine_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// BenchmarkHandshake runs both sides of a handshake in one goroutine, and tells
// what the server has of it.
func BenchmarkHandshake(b *testing.B) {
	group := func(g wire.Group) dtlstest.Option {
		return server(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{g} })
	}
	keys := both(func(cfg *engine.Config) { cfg.Keys = suite.SystemKeys{} })
	resumed := func(w way) []dtlstest.Option {
		options, _ := w.prepare(b, only(ecdsa))
		return options
	}
	for _, test := range []struct {
		name    string
		options []dtlstest.Option
	}{
		{"PSK", []dtlstest.Option{only(plainPSK)}},
		{"ECDHE_PSK/X25519", []dtlstest.Option{only(ecdhePSK), group(wire.GroupX25519)}},
		{"ECDHE_ECDSA/P-256", []dtlstest.Option{only(ecdsa), group(wire.GroupP256)}},
		{"ECDHE_ECDSA/X25519", []dtlstest.Option{only(ecdsa), group(wire.GroupX25519)}},
		{"ECDHE_RSA/X25519", []dtlstest.Option{only(rsa), group(wire.GroupX25519)}},
		{"ECDHE_ECDSA/P-256/mutual", []dtlstest.Option{only(ecdsa), group(wire.GroupP256), asking(engine.RequireClientCert)}},
		{"resumed/ticket", resumed(ways[0])},
		{"resumed/session-id", resumed(ways[1])},
	} {
		b.Run(test.name, func(b *testing.B) {
			benchmarkHandshake(b, append(test.options, keys)...)
		})
	}
}

// benchmarkHandshake has a pair connect again and again.
func benchmarkHandshake(b *testing.B, options ...dtlstest.Option) {
	b.Helper()
	var setup dtlstest.Setup
	p := dtlstest.NewPair(b, 1, append(options, func(s *dtlstest.Setup) { setup = *s })...)
	cfg, ws := setup.Client.Complete(), engine.NewWorkspace()
	connect := func(m *meter) {
		p.Client = dtlstest.NewClient(cfg, p.Now, setup.Target)
		p.Server = nil
		m.connect(b, p, ws)
	}
	b.ReportAllocs()
	var clock meter
	for b.Loop() {
		connect(&clock)
	}
	b.ReportMetric(float64(clock.spent.Nanoseconds())/float64(b.N), "server-ns/op")

	const counted = 20
	allocations := meter{counts: true}
	for range counted {
		connect(&allocations)
	}
	b.ReportMetric(float64(allocations.mallocs)/counted, "server-allocs/op")
}

// A meter measures what the server has of a handshake: the time, or the
// allocations.
type meter struct {
	counts  bool // allocations, which takes much longer than they do
	spent   time.Duration
	mallocs uint64
}

// connect completes a handshake of a pair that has no server yet. Its
// associations share a workspace, as they do in a shard.
func (m *meter) connect(b *testing.B, p *dtlstest.Pair, ws *engine.Workspace) {
	b.Helper()
	for range 10 {
		for _, datagram := range p.Client.Take() {
			if p.Server == nil {
				m.begin(p, ws, datagram)
				continue
			}
			m.receive(p, datagram)
		}
		p.FlushServer()
	}
	if !p.Client.Established || !p.Server.Established {
		b.Fatalf("handshake not complete: client %v; server %v", p.Client.Err, p.Server.Err)
	}
}

func (m *meter) begin(p *dtlstest.Pair, ws *engine.Workspace, datagram []byte) {
	hello, whole := dtlstest.WholeHello(datagram)
	if !whole {
		hello = engine.Hello{Verified: true}
	}
	p.Server = &dtlstest.Endpoint{PSKs: p.Client.PSKs, Sessions: map[string]*engine.SessionState{}, Asked: map[engine.EventKind]int{}}
	if p.PrepareServer != nil {
		p.PrepareServer(p.Server)
	}
	m.measure(func() { p.Server.Association = engine.NewServer(p.ServerConfig, ws, p.Now, hello) })
	m.drain(p)
	if !whole {
		m.receive(p, datagram)
	}
}

func (m *meter) receive(p *dtlstest.Pair, datagram []byte) {
	m.measure(func() { p.Server.Association.Receive(p.Now, datagram) })
	m.drain(p)
}

// drain takes the server's events. What answers questions is part of the cost;
// what copies datagrams for the test is not.
func (m *meter) drain(p *dtlstest.Pair) {
	for e := p.Server.Next(); e.Kind != engine.EventNone; e = p.Server.Next() {
		if e.Token == 0 {
			p.Server.Deliver(p.Now, e)
			continue
		}
		m.measure(func() { p.Server.Resolve(p.Now, e.Token, p.Server.Answer(e)) })
	}
}

func (m *meter) measure(verb func()) {
	if !m.counts {
		start := time.Now()
		verb()
		m.spent += time.Since(start)
		return
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	verb()
	runtime.ReadMemStats(&after)
	m.mallocs += after.Mallocs - before.Mallocs
}
