package engine_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// perRecord13 is perRecord for the suites of DTLS 1.3 that are on by default.
func perRecord13(b *testing.B, run func(b *testing.B, p *dtlstest.Pair, payload []byte)) {
	for _, s := range suite.Default13() {
		for _, size := range payloadSizes {
			b.Run(fmt.Sprintf("%s/%d", s.Name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				run(b, connected(b, dtls13, only13(s), withCertificates), make([]byte, size))
			})
		}
	}
}

func BenchmarkSend13(b *testing.B)    { perRecord13(b, benchmarkSend) }
func BenchmarkReceive13(b *testing.B) { perRecord13(b, benchmarkReceive) }

func TestRecordsOf13AllocateNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	for _, s := range suite.All13() {
		for _, lengths := range [][2]int{{-1, -1}, {0, 8}} {
			p := connected(t, dtls13, only13(s), withCertificates, withCIDs(lengths[0], lengths[1]))
			quiet(p)
			p.Advance(time.Hour)
			buffer, payload := make([]byte, 0, 2048), make([]byte, 1200)
			echo := func() {
				datagram, err := p.Client.Send(buffer, payload)
				if err != nil {
					t.Fatal(err)
				}
				p.Server.Association.Receive(p.Now, datagram)
				if p.Server.Next().Kind != engine.EventData {
					t.Fatal("no data")
				}
				p.Server.Next()
			}
			echo()
			if n := testing.AllocsPerRun(100, echo); n != 0 {
				t.Errorf("%v with connection IDs of %v: %v allocations", s, lengths, n)
			}
		}
	}
}

func BenchmarkHandshake13(b *testing.B) {
	group := func(g wire.Group) dtlstest.Option {
		return both(func(cfg *engine.Config) { cfg.Policy.Groups = []wire.Group{g} })
	}
	keys := both(func(cfg *engine.Config) { cfg.Keys = suite.SystemKeys{} })
	tickets := []dtlstest.Option{dtls13, withCertificates, group(wire.GroupX25519),
		client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(b, 1) })}
	for _, test := range []struct {
		name    string
		options []dtlstest.Option
	}{
		{"PSK", append(external13, both(func(cfg *engine.Config) { cfg.Policy.PlainPSK = true }))},
		{"PSK/X25519", append(external13, group(wire.GroupX25519))},
		{"ECDSA/P-256", []dtlstest.Option{withCertificates, group(wire.GroupP256)}},
		{"ECDSA/X25519", []dtlstest.Option{withCertificates, group(wire.GroupX25519)}},
		{"ECDSA/X25519MLKEM768", []dtlstest.Option{withCertificates, group(wire.GroupX25519MLKEM768)}},
		{"ECDSA/X25519/mutual", []dtlstest.Option{withCertificates, group(wire.GroupX25519), asking(engine.RequireClientCert)}},
		{"resumed/X25519", append(tickets, offering(connected(b, tickets...).Client.Stored[0]))},
	} {
		b.Run(test.name, func(b *testing.B) {
			benchmarkHandshake(b, append(test.options, dtls13, keys)...)
		})
	}
}

// BenchmarkIdleAssociation13 is BenchmarkIdleAssociation for DTLS 1.3: right
// after the handshake, while the last of it may still be repeated, and later.
func BenchmarkIdleAssociation13(b *testing.B) {
	for name, after := range map[string]time.Duration{"soon": time.Minute, "later": time.Hour} {
		b.Run(name, func(b *testing.B) {
			var setup dtlstest.Setup
			dtlstest.NewPair(b, 1, dtls13, withCertificates, func(s *dtlstest.Setup) { setup = *s })
			shared, ws := setup.Server.Complete(), engine.NewWorkspace()
			for b.Loop() {
				const count = 500
				kept := make([]*engine.Association, 0, count)
				before := liveHeap()
				for range count {
					p := dtlstest.NewPair(b, 1, dtls13, withCertificates)
					hello, _ := dtlstest.WholeHello(p.Client.Take()[0])
					p.Server = &dtlstest.Endpoint{Association: engine.NewServer(shared, ws, p.Now, hello), Asked: map[engine.EventKind]int{}}
					p.Server.Drain(p.Now)
					p.Connect()
					quiet(p)
					p.Advance(after)
					p.Server.Trim()
					kept = append(kept, p.Server.Association)
				}
				b.ReportMetric(float64(liveHeap()-before)/count, "B/association")
				runtime.KeepAlive(kept)
			}
		})
	}
}
