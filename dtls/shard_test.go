package dtls

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A scriptedSocket does what the test tells it to.
type scriptedSocket struct {
	reads  chan scriptedRead
	kicked chan struct{}

	report udp.Report

	mu      sync.Mutex
	written []udp.Message
	refused map[netip.AddrPort]error
	closed  bool
}

type scriptedRead struct {
	m     udp.Message
	batch []udp.Message // instead of m, if there are many
	err   error
}

func newScriptedSocket() *scriptedSocket {
	return &scriptedSocket{reads: make(chan scriptedRead), kicked: make(chan struct{}, 1), refused: make(map[netip.AddrPort]error)}
}

func (s *scriptedSocket) ReadBatch() ([]udp.Message, error) {
	select {
	case r := <-s.reads:
		if r.err != nil {
			return nil, r.err
		}
		if r.batch != nil {
			return r.batch, nil
		}
		return []udp.Message{r.m}, nil
	case <-s.kicked:
		return nil, os.ErrDeadlineExceeded
	}
}

func (s *scriptedSocket) WriteBatch(ms []udp.Message) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range ms {
		if err := s.refused[m.Peer]; err != nil {
			return i, err
		}
		m.Buf = append([]byte(nil), m.Buf...)
		s.written = append(s.written, m)
	}
	return len(ms), nil
}

func (s *scriptedSocket) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && t.Before(time.Now()) {
		select {
		case s.kicked <- struct{}{}:
		default:
		}
	}
	return nil
}

func (s *scriptedSocket) Report() udp.Report  { return s.report }
func (s *scriptedSocket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(serverPeer) }
func (s *scriptedSocket) Close() error        { s.closed = true; return nil }

// sent returns what was written so far and forgets it.
func (s *scriptedSocket) sent() []udp.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.written
	s.written = nil
	return sent
}

// inShard runs f in virtual time with a server's shard on a scripted socket.
func inShard(t *testing.T, change func(*Server), f func(s *scriptedSocket, sh *shard)) {
	synctest.Test(t, func(t *testing.T) {
		srv := &Server{Config: &Config{PSK: StaticPSK{"*": testKey}}, Handler: HandlerFunc(func(*Session, []byte) {})}
		if change != nil {
			change(srv)
		}
		socket := newScriptedSocket()
		g, err := srv.open([]udp.Socket{socket})
		if err != nil {
			t.Fatal(err)
		}
		sh := g.shards[0]
		ended := make(chan error)
		go func() { ended <- g.run() }()
		f(socket, sh)
		if !isClosed(sh.done) {
			sh.leaveAtOnce()
		}
		<-ended
		if !socket.closed {
			t.Error("the socket is open")
		}
	})
}

func TestShardOutlivesErrorsOfItsSocket(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		hello := firstHello(t)
		for range 100 {
			s.reads <- scriptedRead{err: &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)}}
		}
		s.reads <- scriptedRead{m: udp.Message{Buf: hello, Peer: clientPeer}}
		synctest.Wait()
		if got := sh.counters.drops[wire.DropSocketError].Load(); got != 100 {
			t.Errorf("%d counted", got)
		}
		if got := s.sent(); len(got) != 1 || got[0].Peer != clientPeer {
			t.Errorf("answers after the errors: %v", got)
		}
	})
}

// Errors without end must not have a processor for themselves.
func TestShardPausesWhenReadsOnlyFail(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		start := time.Now()
		for range patience + 101 {
			s.reads <- scriptedRead{err: errors.New("broken")}
		}
		if got := time.Since(start); got < 99*penance {
			t.Errorf("the last 100 of them took %v", got)
		}
	})
}

// A noDeadlines is a socket that cannot be woken from a read.
type noDeadlines struct{ *memSocket }

func (noDeadlines) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

func TestSocketWithoutDeadlinesIsRefused(t *testing.T) {
	n := newMemNet()
	config := &Config{PSK: StaticPSK{}}
	if _, err := NewListener(noDeadlines{n.listen(serverAddress)}, config); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("NewListener: %v", err)
	}
	srv := &Server{Config: config, Handler: HandlerFunc(nil)}
	socket := n.listen("192.0.2.1:1")
	if err := srv.Serve(noDeadlines{socket}); !errors.Is(err, errors.ErrUnsupported) || !isClosed(socket.gone) {
		t.Errorf("Serve: %v", err)
	}
	if _, err := ClientPacket(noDeadlines{n.listen(clientAddress)}, socket.LocalAddr(), clientConfig()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("ClientPacket: %v", err)
	}
}

func TestShardEndsWithItsSocket(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		s.reads <- scriptedRead{err: &net.OpError{Op: "read", Err: net.ErrClosed}}
		<-sh.done
	})
}

func TestTruncatedDatagramsAreCounted(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		s.reads <- scriptedRead{m: udp.Message{Buf: firstHello(t), Peer: clientPeer, Truncated: true}}
		synctest.Wait()
		if got := sh.counters.drops[wire.DropTruncatedDatagram].Load(); got != 1 || len(s.sent()) != 0 {
			t.Errorf("%d counted", got)
		}
	})
}

// A destination that the kernel refuses costs its own datagrams only.
func TestRefusedDestinationCostsItsOwnDatagramOnly(t *testing.T) {
	log := &logBook{}
	inShard(t, func(s *Server) { s.Config.Observer = log.observer("") }, func(s *scriptedSocket, sh *shard) {
		refused := netip.MustParseAddrPort("203.0.113.1:1")
		s.refused[refused] = syscall.EPERM
		sh.post(func() {
			for _, peer := range []netip.AddrPort{refused, clientPeer, refused, clientPeer} {
				sh.queue(append(sh.out.room(1), 'x'), route{peer: peer})
			}
		})
		synctest.Wait()
		if got := s.sent(); len(got) != 2 || got[0].Peer != clientPeer || got[1].Peer != clientPeer {
			t.Errorf("sent %v", got)
		}
		if got := sh.counters.drops[wire.DropSocketError].Load(); got != 2 {
			t.Errorf("%d counted", got)
		}
		if !log.has(KindSocket, "(203.0.113.1:1): Failed to send a datagram: operation not permitted") {
			t.Errorf("log: %q", log.lines())
		}
	})
}

// Replies leave from the address that was asked.
func TestRepliesKeepTheLocalAddress(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		local := netip.MustParseAddr("192.0.2.99")
		s.reads <- scriptedRead{m: udp.Message{Buf: firstHello(t), Peer: clientPeer, Local: local}}
		synctest.Wait()
		if got := s.sent(); len(got) != 1 || got[0].Local != local {
			t.Errorf("sent %v", got)
		}
	})
}

// However much others send through a shard, it goes on receiving.
func TestShardReceivesWhileOthersKeepItBusy(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		var busy func()
		busy = func() { sh.post(busy) }
		busy()
		s.reads <- scriptedRead{m: udp.Message{Buf: firstHello(t), Peer: clientPeer}}
		for len(s.sent()) == 0 {
			time.Sleep(time.Millisecond)
		}
	})
}

func TestOutboxFlushesWhenFull(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		sh.post(func() {
			for i := range 3 * outboxBatch {
				sh.queue(append(sh.out.room(2), byte(i), byte(i>>8)), route{peer: clientPeer})
			}
			if len(sh.out.batch) >= outboxBatch {
				t.Errorf("%d datagrams wait", len(sh.out.batch))
			}
		})
		synctest.Wait()
		got := s.sent()
		if len(got) != 3*outboxBatch {
			t.Fatalf("%d sent", len(got))
		}
		for i, m := range got {
			if m.Buf[0] != byte(i) || m.Buf[1] != byte(i>>8) {
				t.Fatalf("datagram %d is %v", i, m.Buf)
			}
		}
	})
}

func TestServerSaysOnceHowItsSocketsAreDriven(t *testing.T) {
	log := &logBook{}
	inShard(t, func(s *Server) { s.Config.Observer = log.observer("") }, func(s *scriptedSocket, sh *shard) {
		synctest.Wait()
		s.report = udp.Report{System: true, Batch: 64, In: udp.Buffer{Asked: 4 << 20, Given: 208 << 10}}
		sh.post(sh.logSockets)
		sh.post(sh.logSockets)
		synctest.Wait()
		lose := func(n uint32) {
			sh.post(func() { s.report.Overflows = n })
			time.Sleep(overflowCheck)
			sh.post(func() {})
			synctest.Wait()
		}
		lose(0)
		lose(3)
		lose(5)
		wantLines(t, log.lines(),
			"Server is listening on address 192.0.2.1 and port 22334",
			"Sockets: batches of 64, buffers of 208 KiB in and 0 KiB out",
			"Datagrams were lost: the socket's buffer is too small; as root: sysctl -w net.core.rmem_max=4194304, then start the server again")
	})
}

func TestShardCountsABatchOfManyDatagrams(t *testing.T) {
	inShard(t, nil, func(s *scriptedSocket, sh *shard) {
		hello := udp.Message{Buf: firstHello(t), Peer: clientPeer}
		other := udp.Message{Buf: firstHello(t), Peer: netip.AddrPortFrom(clientPeer.Addr(), 1)}
		s.reads <- scriptedRead{batch: []udp.Message{hello, {Peer: clientPeer}, other}}
		synctest.Wait()
		sent := s.sent()
		if len(sent) != 2 || sent[0].Peer != hello.Peer || sent[1].Peer != other.Peer {
			t.Fatalf("sent %+v", sent)
		}
		var stats Stats
		sh.counters.addTo(&stats)
		in, out := uint64(len(hello.Buf)+len(other.Buf)), uint64(len(sent[0].Buf)+len(sent[1].Buf))
		if stats.DatagramsReceived != 3 || stats.BytesReceived != in || stats.DatagramsSent != 2 || stats.BytesSent != out {
			t.Errorf("counted %+v; want %d bytes in and %d out", stats, in, out)
		}
	})
}
