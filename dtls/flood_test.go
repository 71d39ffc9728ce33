package dtls

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// A flood is a shard without a network, and the hellos of senders that do not
// exist, which it receives in batches.
type flood struct {
	shard *shard
	batch []udp.Message
	sent  uint32
}

func newFlood(t testing.TB, rate int) *flood {
	network := newMemNet()
	srv := &Server{
		Config: &Config{
			PSK: StaticPSK{"*": testKey}, CookieRate: rate, MinVersion: version, MaxVersion: version,
		},
		Handler: HandlerFunc(func(*Session, []byte) {}),
	}
	g, err := srv.open([]udp.Socket{udp.NewSocket(network.listen(serverAddress))})
	if err != nil {
		t.Fatal(err)
	}
	f := &flood{shard: g.shards[0], batch: make([]udp.Message, fullRead)}
	hello := firstHello(t)
	for i := range f.batch {
		f.batch[i].Buf = anotherHello(hello, uint64(i))
	}
	return f
}

// turn has the shard receive a batch, and forget what it would send.
func (f *flood) turn() {
	for i := range f.batch {
		f.sent++
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 0x7f400000+f.sent%200_000)
		f.batch[i].Peer = netip.AddrPortFrom(netip.AddrFrom4(a), 4000)
	}
	f.shard.mu.Lock()
	defer f.shard.mu.Unlock()
	f.shard.now = f.shard.now.Add(200 * time.Microsecond)
	f.shard.receiveBatch(f.batch)
	f.shard.pace(len(f.batch))
	f.shard.out.reset()
}

func TestAFloodAllocatesNothing(t *testing.T) {
	for _, rate := range []int{-1, 1, 0} {
		f := newFlood(t, rate)
		for range 100 {
			f.turn()
		}
		if n := testing.AllocsPerRun(1000, f.turn); n != 0 {
			t.Errorf("CookieRate %d: %v allocations for %d hellos", rate, n, len(f.batch))
		}
	}
}

func BenchmarkFlood(b *testing.B) {
	for _, bench := range []struct {
		name string
		rate int
	}{{"answered", -1}, {"dropped", 1}, {"default", 0}} {
		b.Run(bench.name, func(b *testing.B) {
			f := newFlood(b, bench.rate)
			b.ReportAllocs()
			for b.Loop() {
				f.turn()
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(f.batch)), "ns/hello")
		})
	}
}
