package dtls

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// BenchmarkTurn is what a shard does for an echo, without the kernel: opening a
// record, the handler, sealing the answer, and all that is between them. Each
// session has a train in every batch.
func BenchmarkTurn(b *testing.B) {
	for _, size := range []int{64, 1200} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkTurn(b, 64, 16, size) })
	}
}

func benchmarkTurn(b *testing.B, sessions, train, size int) {
	n := newMemNet()
	mill := newTreadmill(udp.NewSocket(n.listen(serverAddress)))
	srv := &Server{
		Config:  &Config{PSK: StaticPSK{"*": testKey}, MinVersion: version, MaxVersion: version, HandshakeRate: -1},
		Handler: HandlerFunc(func(s *Session, b []byte) { s.Send(b) }),
	}
	g, err := srv.open([]udp.Socket{mill})
	if err != nil {
		b.Fatal(err)
	}
	go g.run()
	b.Cleanup(func() { srv.Close() })
	clients := make([]*bareClient, sessions)
	for i := range clients {
		clients[i] = newBareClient(b, n.dial(fmt.Sprintf("198.51.100.%d:7", i), serverAddress))
		clients[i].echo([]byte("so that the server is done as well"))
	}
	mill.start()
	message, batch := make([]byte, size), make([]udp.Message, sessions*train)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += len(batch) {
		b.StopTimer()
		for i := range batch {
			c := clients[i/train]
			if batch[i].Buf, err = c.assoc.Send(batch[i].Buf[:0], message); err != nil {
				b.Fatal(err)
			}
			batch[i].Peer = c.conn.(*memConn).addr
		}
		b.StartTimer()
		if came := mill.run(batch); came < len(batch) {
			b.Fatalf("%d of %d came back", came, len(batch))
		}
	}
}

// A treadmill is a socket that, once started, has no network any more: it is given
// batches, and says how many datagrams came back for each.
type treadmill struct {
	udp.Socket
	started atomic.Bool
	in      chan []udp.Message
	kicked  chan struct{}
	written atomic.Int64
}

func newTreadmill(s udp.Socket) *treadmill {
	return &treadmill{Socket: s, in: make(chan []udp.Message), kicked: make(chan struct{}, 1)}
}

func (m *treadmill) start() {
	m.started.Store(true)
	m.Socket.SetReadDeadline(time.Unix(1, 0))
}

// run has the server take a batch, and returns how many datagrams came back. In DTLS
// 1.3 there may be some that repeat a ticket.
func (m *treadmill) run(batch []udp.Message) int {
	m.written.Store(0)
	m.in <- batch
	m.in <- nil // it has read again: it is done with the batch
	return int(m.written.Load())
}

func (m *treadmill) ReadBatch() ([]udp.Message, error) {
	if !m.started.Load() {
		return m.Socket.ReadBatch()
	}
	select {
	case batch := <-m.in:
		return batch, nil
	case <-m.kicked:
		return nil, os.ErrDeadlineExceeded
	}
}

func (m *treadmill) WriteBatch(ms []udp.Message) (int, error) {
	if !m.started.Load() {
		return m.Socket.WriteBatch(ms)
	}
	m.written.Add(int64(len(ms)))
	return len(ms), nil
}

func (m *treadmill) SetReadDeadline(t time.Time) error {
	if t.Equal(time.Unix(1, 0)) {
		select {
		case m.kicked <- struct{}{}:
		default:
		}
	}
	return m.Socket.SetReadDeadline(t)
}
