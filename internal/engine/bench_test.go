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

// ciphers has one suite for each way in which records are protected.
var ciphers = []struct {
	name string
	id   wire.CipherSuite
}{
	{"AES-128-GCM", wire.TLS_PSK_WITH_AES_128_GCM_SHA256},
	{"AES-256-GCM", wire.TLS_PSK_WITH_AES_256_GCM_SHA384},
	{"ChaCha20-Poly1305", wire.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256},
	{"AES-128-CCM", wire.TLS_PSK_WITH_AES_128_CCM},
	{"AES-128-CCM-8", wire.TLS_PSK_WITH_AES_128_CCM_8},
	{"AES-128-CBC", wire.TLS_PSK_WITH_AES_128_CBC_SHA256},
}

var payloadSizes = []int{64, 256, 1200}

// perRecord runs a benchmark for each cipher and size.
func perRecord(b *testing.B, run func(b *testing.B, p *dtlstest.Pair, payload []byte), options ...dtlstest.Option) {
	for _, c := range ciphers {
		for _, size := range payloadSizes {
			b.Run(fmt.Sprintf("%s/%d", c.name, size), func(b *testing.B) {
				p := connected(b, append(options, only(suite.Lookup(c.id)))...)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				run(b, p, make([]byte, size))
			})
		}
	}
}

func BenchmarkSend(b *testing.B)    { perRecord(b, benchmarkSend) }
func BenchmarkSendCID(b *testing.B) { perRecord(b, benchmarkSend, withCIDs(0, 8)) }

func benchmarkSend(b *testing.B, p *dtlstest.Pair, payload []byte) {
	buffer := make([]byte, 0, 2048)
	for b.Loop() {
		if _, err := p.Client.Send(buffer, payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReceive(b *testing.B)    { perRecord(b, benchmarkReceive) }
func BenchmarkReceiveCID(b *testing.B) { perRecord(b, benchmarkReceive, withCIDs(0, 8)) }

// benchmarkReceive opens records that were sealed beforehand, a batch at a
// time, without counting the sealing.
func benchmarkReceive(b *testing.B, p *dtlstest.Pair, payload []byte) {
	const batch = 512
	datagrams := make([][]byte, batch)
	for i := 0; i < b.N; i++ {
		if i%batch == 0 {
			b.StopTimer()
			seal(b, p, payload, datagrams)
			b.StartTimer()
		}
		p.Server.Association.Receive(p.Now, datagrams[i%batch])
		if p.Server.Next().Kind != engine.EventData {
			b.Fatal("no data")
		}
		p.Server.Next()
	}
}

func seal(b *testing.B, p *dtlstest.Pair, payload []byte, datagrams [][]byte) {
	var err error
	for i := range datagrams {
		if datagrams[i], err = p.Client.Send(datagrams[i][:0], payload); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdleAssociation reports what an established association keeps on
// the heap once it has received data and been trimmed.
func BenchmarkIdleAssociation(b *testing.B) {
	for _, s := range []*suite.Suite{plainPSK, ecdsa} {
		b.Run(s.KeyExchange.String(), func(b *testing.B) {
			cfg := dtlstest.Config(1)
			shared, ws := cfg.Complete(), engine.NewWorkspace()
			for b.Loop() {
				const count = 500
				kept := make([]*engine.Association, 0, count)
				before := liveHeap()
				for range count {
					kept = append(kept, idle(b, s, shared, ws))
				}
				b.ReportMetric(float64(liveHeap()-before)/count, "B/association")
				runtime.KeepAlive(kept)
			}
		})
	}
}

// idle returns a server's association that has nothing to do. All of them
// share one configuration and one workspace, as they do in a shard.
func idle(b *testing.B, s *suite.Suite, shared *engine.Config, ws *engine.Workspace) *engine.Association {
	b.Helper()
	p := dtlstest.NewPair(b, 1, only(s))
	hello, ok := dtlstest.WholeHello(p.Client.Take()[0])
	if !ok {
		b.Fatal("no hello")
	}
	p.Server = &dtlstest.Endpoint{
		Association: engine.NewServer(shared, ws, p.Now, hello),
		PSKs:        p.Client.PSKs,
		Asked:       map[engine.EventKind]int{},
	}
	p.Server.Drain(p.Now)
	p.Connect()
	p.ToServer(said(b, p, "the first data ends the handshake's last trace"))
	p.Server.Trim()
	if p.Server.Deadline() != (time.Time{}) {
		b.Fatal("it still has something to do")
	}
	return p.Server.Association
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
