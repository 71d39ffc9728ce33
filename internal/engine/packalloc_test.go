package engine_test

import (
	"fmt"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// awakening is what happens to a server that sleeps: its memory comes from a free
// list, it takes a record, and may answer.
type awakening struct {
	cfg    *engine.Config
	ws     *engine.Workspace
	memory *engine.Association
	packed []byte
}

func asleep(e *dtlstest.Endpoint) *awakening {
	cfg := dtlstest.Config(1)
	w := &awakening{cfg: cfg.Complete(), ws: engine.NewWorkspace(), memory: e.Association}
	w.packed = w.memory.Pack(make([]byte, 0, 1024))
	return w
}

func (w *awakening) wake(tb testing.TB) {
	if err := w.memory.Unpack(w.cfg, w.ws, w.packed); err != nil {
		tb.Fatal(err)
	}
}

func (w *awakening) sleep() { w.packed = w.memory.Pack(w.packed[:0]) }

func (w *awakening) receive(tb testing.TB, p *dtlstest.Pair, datagram []byte) {
	w.memory.Receive(p.Now, datagram)
	if w.memory.Next().Kind != engine.EventData {
		tb.Fatal("no data")
	}
	w.memory.Next()
}

// Waking allocates what a key expands to, and no more: with AES two pieces each way
// and, in DTLS 1.3, one for the numbers. The first time the bytes need a place.
func TestWakingAllocatesLittle(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	gcm13 := suite.Lookup13(wire.TLS_AES_128_GCM_SHA256)
	for _, lengths := range [][2]int{{-1, -1}, {0, 8}, {8, 8}} {
		for version, options := range map[float64][]dtlstest.Option{
			2: {only(plainPSK)},
			3: {dtls13, only13(gcm13), withCertificates},
		} {
			name := fmt.Sprintf("DTLS 1.%v, connection IDs of %v", version, lengths)
			cids := 0.0
			if lengths[0] >= 0 {
				cids = 1
			}
			p := rested(t, append(options, withCIDs(lengths[0], lengths[1]))...)
			w := asleep(p.Server)
			buffer, payload := make([]byte, 0, 2048), make([]byte, 64)
			say := func() []byte {
				datagram, err := p.Client.Send(buffer, payload)
				if err != nil {
					t.Fatal(err)
				}
				return datagram
			}
			received := testing.AllocsPerRun(100, func() {
				w.wake(t)
				w.receive(t, p, say())
				w.sleep()
			})
			if received > version+cids {
				t.Errorf("%s: %v allocations to wake and take a record", name, received)
			}
			answered := testing.AllocsPerRun(100, func() {
				w.wake(t)
				w.receive(t, p, say())
				if _, err := w.memory.Send(buffer, payload); err != nil {
					t.Fatal(err)
				}
				w.sleep()
			})
			if answered-received > version {
				t.Errorf("%s: %v allocations more to answer", name, answered-received)
			}
			fresh := testing.AllocsPerRun(100, func() {
				w.memory = engine.NewIdle()
				w.wake(t)
				w.receive(t, p, say())
				w.sleep()
			})
			if fresh > received+2 {
				t.Errorf("%s: %v allocations in new memory", name, fresh)
			}
		}
	}
}

// In the minutes after a handshake the peer may still ask for something. All that
// this takes is one piece of memory more.
func TestWakingSoonAllocatesLittle(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	p := connected(t, dtls13, only13(suite.Lookup13(wire.TLS_AES_128_GCM_SHA256)), withCertificates)
	quiet(p)
	w := asleep(p.Server)
	buffer, payload := make([]byte, 0, 2048), make([]byte, 64)
	n := testing.AllocsPerRun(100, func() {
		datagram, err := p.Client.Send(buffer, payload)
		if err != nil {
			t.Fatal(err)
		}
		w.wake(t)
		w.receive(t, p, datagram)
		w.sleep()
	})
	if w.wake(t); w.memory.Deadline().IsZero() {
		t.Error("nothing is kept for the peer")
	}
	if n > 4 {
		t.Errorf("%v allocations to wake and take a record", n)
	}
}

// BenchmarkWaking has a server wake, take a record, answer and go back to sleep.
func BenchmarkWaking(b *testing.B) {
	for name, options := range map[string][]dtlstest.Option{
		"1.2": {only(plainPSK)},
		"1.3": {dtls13, only13(suite.Lookup13(wire.TLS_AES_128_GCM_SHA256)), withCertificates},
	} {
		b.Run(name, func(b *testing.B) {
			p := rested(b, options...)
			w := asleep(p.Server)
			buffer, payload := make([]byte, 0, 2048), make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				datagram, err := p.Client.Send(buffer, payload)
				if err != nil {
					b.Fatal(err)
				}
				w.wake(b)
				w.receive(b, p, datagram)
				if _, err := w.memory.Send(buffer, payload); err != nil {
					b.Fatal(err)
				}
				w.sleep()
			}
		})
	}
}
