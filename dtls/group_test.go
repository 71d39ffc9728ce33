package dtls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

const testShards = 4

// Wherever a client with a connection ID goes, its shard gets what it sends.
func TestMovedClientReachesItsShard(t *testing.T) {
	for name, kernel := range kernels(t, testShards) {
		t.Run(name, func(t *testing.T) {
			inGroup(t, testShards, kernel, nil, func(w *world) {
				clients := make([]*Conn, 2*testShards)
				for i := range clients {
					clients[i] = w.dial(portOf(i), movingConfig())
				}
				before := shardsOf(w.srv)
				for move := 1; move <= 3; move++ {
					where := make(map[netip.AddrPort]bool)
					for i, c := range clients {
						address := portOf(1001*move + i) // which has another hash
						if err := c.Rebind(w.net.dial(address, serverAddress)); err != nil {
							t.Fatal(err)
						}
						w.wantEchoWithin(c, fmt.Sprint("from ", address), 4*time.Second)
						where[netip.MustParseAddrPort(address)] = true
					}
					if !peersAreWhere(w.srv, where) {
						t.Errorf("move %d: sessions: %+v", move, w.srv.Sessions())
					}
				}
				if after := shardsOf(w.srv); fmt.Sprint(before) != "[2 2 2 2]" || fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("the shards had %v sessions, and have %v", before, after)
				}
				stats := w.srv.Stats()
				if stats.HandshakesStarted != uint64(len(clients)) || stats.AddressChanges != uint64(3*len(clients)) {
					t.Errorf("stats: %+v", stats)
				}
				if handed := stats.DatagramsHandedOver > 0; handed == (name == "steered") {
					t.Errorf("%d datagrams were handed over", stats.DatagramsHandedOver)
				}
				for _, c := range clients {
					c.Close()
				}
			})
		})
	}
}

// Every connection ID that a client is given names the shard of its session, also
// those that it asks for later.
func TestConnectionIDsOfSessionsNameTheirShard(t *testing.T) {
	inGroup(t, 3, byPort(3), nil, func(w *world) {
		for i := range 12 {
			c := w.dial(portOf(i), movingConfig())
			defer c.Close()
			if version == VersionDTLS13 {
				onShard(c, func(sh *shard, s *Session) {
					if err := s.assoc.RequestCIDs(sh.now, 3); err != nil {
						t.Error(err)
					}
				})
			}
		}
		for i, sh := range w.srv.shards {
			sh.mu.Lock()
			for key := range sh.table.byCID {
				if int(key>>56)%3 != i {
					t.Errorf("shard %d has a session with the connection ID %016x", i, uint64(key))
				}
			}
			if len(sh.table.byCID) < 4 {
				t.Errorf("shard %d has %d connection IDs", i, len(sh.table.byCID))
			}
			sh.mu.Unlock()
		}
	})
}

// What names another shard and is of no session leads to nothing there.
func TestStrangersConnectionIDIsDroppedByTheShardThatItNames(t *testing.T) {
	inGroup(t, 2, byPort(2), nil, func(w *world) {
		for _, datagram := range [][]byte{cidDatagram(make([]byte, 8), 40), unifiedDatagram(make([]byte, 8), 40)} {
			w.inject(netip.MustParseAddrPort(portOf(1)), datagram)
		}
		w.wantDrops(wire.DropUnknownPeer, 2)
		if got := w.srv.Stats(); got.DatagramsHandedOver != 2 || got.DatagramsReceived != 2 {
			t.Errorf("stats: %+v", got)
		}
	})
}

func TestHandingOverIsBounded(t *testing.T) {
	var in inbox
	in.wake = func() {}
	datagram := make([]byte, 100)
	taken := 0
	for in.handOver(datagram, route{}) {
		taken++
	}
	if taken != maxParcels {
		t.Errorf("%d datagrams were taken", taken)
	}
	if err := in.send(nil, datagram); err != nil {
		t.Errorf("nothing more is sent over sessions: %v", err)
	}
	d := in.takeDelivery(delivery{})
	if len(d.parcels) != taken || len(d.bytes) != 100*taken {
		t.Errorf("%d parcels, %d bytes", len(d.parcels), len(d.bytes))
	}
	large := make([]byte, 60000)
	for taken = 0; in.handOver(large, route{}); taken++ {
	}
	if taken != maxParcelBytes/60000 {
		t.Errorf("%d large datagrams were taken", taken)
	}
	in.close()
	in.takeDelivery(delivery{})
	if in.handOver(datagram, route{}) {
		t.Error("a shard that is gone takes datagrams")
	}
}

func TestShardsOfAnAddressAreOne(t *testing.T) {
	var r roll
	inGroup(t, 3, byPort(3), r.keep, func(w *world) {
		if got := w.srv.Addrs(); len(got) != 1 || got[0].String() != serverAddress {
			t.Errorf("addresses: %v", got)
		}
		wantLines(t, w.log.lines(), "Server is listening on address 192.0.2.1 and port 22334")
		var clients []*Conn
		for i := range 6 {
			clients = append(clients, w.dial(portOf(i), clientConfig()))
			w.wantEcho(clients[i], "hello")
		}
		if got := shardsOf(w.srv); fmt.Sprint(got) != "[2 2 2]" {
			t.Errorf("the shards have %v sessions", got)
		}
		infos := w.srv.Sessions()
		if stats := w.srv.Stats(); len(infos) != 6 || stats.Sessions != 6 || stats.MessagesReceived != 6 {
			t.Errorf("%d sessions, stats: %+v", len(infos), stats)
		}
		for _, info := range infos {
			if s := w.srv.Session(info.ID); s == nil || s.RemoteAddr() != info.Peer {
				t.Errorf("session %d is %v", info.ID, s)
			}
		}
		w.log.lines()
		w.srv.SetAccepting(false)
		synctest.Wait()
		wantLines(t, w.log.lines(), "Server is not accepting new connections")
		w.srv.SetAccepting(true)

		if told, err := w.srv.Withdraw(context.Background()); told != 6 || err != nil {
			t.Errorf("Withdraw = %d, %v", told, err)
		}
		if err := <-w.serving; err != ErrServerClosed {
			t.Errorf("ServeGroup = %v", err)
		}
		for _, c := range clients {
			if _, err := c.Read(make([]byte, 10)); err == nil {
				t.Error("a client knows of no goodbye")
			}
			c.Close()
		}
		if got := w.srv.Stats(); got.Sessions != 0 || got.HandshakesCompleted != 6 || len(r.reasons()) != 6 {
			t.Errorf("stats: %+v, reasons: %v", got, r.reasons())
		}
		w.serveGroup(w.net.listenGroup(serverAddress, 2, byPort(2)))
		c := w.dial(portOf(9), clientConfig())
		w.wantEcho(c, "again")
		c.Close()
	})
}

// A shard that has said all its goodbyes has nothing to do but wait for the others.
func TestSpentShardSleeps(t *testing.T) {
	inGroup(t, 2, byPort(2), nil, func(w *world) {
		for i := range 4 * goodbyeBatch {
			defer w.dial(fmt.Sprintf("198.51.100.7:%d", 40000+2*i), clientConfig()).Close()
		}
		busy, spent := w.srv.shards[0], w.srv.shards[1]
		go func() {
			time.Sleep(goodbyePace * 3 / 2)
			busy.mu.Lock()
			defer busy.mu.Unlock()
			spent.mu.Lock()
			defer spent.mu.Unlock()
			if next := time.Until(busy.deadline()); next > goodbyePace {
				t.Errorf("the next goodbyes are said in %v", next)
			}
			if next := spent.deadline(); !next.IsZero() && time.Until(next) <= goodbyePace {
				t.Errorf("the shard that has nothing to do looks about in %v", time.Until(next))
			}
		}()
		if told, err := w.srv.Withdraw(context.Background()); told != 4*goodbyeBatch || err != nil {
			t.Errorf("Withdraw = %d, %v", told, err)
		}
		if err := <-w.serving; err != ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
		w.serve("192.0.2.1:9")
	})
}

func TestGroupEndsWithOneOfItsSockets(t *testing.T) {
	var r roll
	inGroup(t, 3, byPort(3), r.keep, func(w *world) {
		for i := range 3 {
			defer w.dial(portOf(i), clientConfig()).Close()
		}
		w.srv.shards[1].socket.Close()
		if err := <-w.serving; !errors.Is(err, net.ErrClosed) {
			t.Errorf("ServeGroup = %v", err)
		}
		r.wantReasons(t, net.ErrClosed, net.ErrClosed, net.ErrClosed)
		if got := w.net.taken(); got != 3 || len(w.srv.Addrs()) != 0 { // those of the clients
			t.Errorf("%d sockets are open, addresses: %v", got, w.srv.Addrs())
		}
		w.serve(serverAddress)
	})
}

func TestServeGroupRefusesWhatIsNoGroup(t *testing.T) {
	n := newMemNet()
	srv := &Server{Config: &Config{PSK: StaticPSK{"*": testKey}}, Handler: HandlerFunc(func(*Session, []byte) {})}
	for name, sockets := range map[string][]net.PacketConn{
		"no socket":          nil,
		"a socket is nil":    {n.listen("192.0.2.1:1"), nil},
		"different adresses": {n.listen("192.0.2.1:2"), n.listen("192.0.2.1:3")},
		"too many":           make([]net.PacketConn, MaxShards+1),
	} {
		if err := srv.ServeGroup(sockets); err == nil || errors.Is(err, ErrServerClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n.taken() != 0 {
		t.Error("sockets are open")
	}
}

// While one shard has connections, the sockets of all stay.
func TestListenerOfSeveralShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: newMemNet()}
		config := &Config{PSK: StaticPSK{"*": testKey}, MinVersion: version, MaxVersion: version}
		ln, err := newListener(w.net.listenGroup(serverAddress, 2, byPort(2)), config)
		if err != nil {
			t.Fatal(err)
		}
		var clients [4]*Conn
		servers := make(map[string]net.Conn)
		for i := range clients {
			clients[i] = w.dial(portOf(i), movingConfig())
			c, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			servers[c.RemoteAddr().String()] = c
		}
		ln.Close()
		for i := range 3 {
			servers[portOf(i)].Close()
		}
		synctest.Wait()
		if err := clients[3].Rebind(w.net.dial(portOf(1000), serverAddress)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(clients[3], "still here, by the other shard")
		buf := make([]byte, 100)
		if n, err := servers[portOf(3)].Read(buf); string(buf[:n]) != "still here, by the other shard" {
			t.Errorf("Read = %q, %v", buf[:n], err)
		}
		if got := ln.Stats(); got.Sessions != 1 || got.HandshakesCompleted != 4 || got.DatagramsHandedOver == 0 {
			t.Errorf("stats: %+v", got)
		}
		servers[portOf(3)].Close()
		for _, sh := range ln.group.shards {
			<-sh.done
		}
		for _, c := range clients {
			c.Close()
		}
		synctest.Wait()
		if got := w.net.taken(); got != 0 {
			t.Errorf("%d sockets are open", got)
		}
	})
}

// Clients come, move and go while keys are replaced and the server ends.
func TestShardsUnderChurn(t *testing.T) {
	ends := map[string]func(s *Server){
		"Close":    func(s *Server) { s.Close() },
		"Shutdown": func(s *Server) { s.Shutdown(context.Background()) },
	}
	for end, stop := range ends {
		for name, kernel := range kernels(t, testShards) {
			t.Run(end+", "+name, func(t *testing.T) { testChurn(t, kernel, stop) })
		}
	}
}

func testChurn(t *testing.T, kernel func(p packet) int, stop func(s *Server)) {
	var r roll
	var keys atomic.Pointer[StaticPSK]
	keys.Store(&StaticPSK{"*": testKey})
	change := func(s *Server) {
		r.keep(s)
		s.Config.PSK = PSKFunc(func(ctx context.Context, id []byte) ([]byte, error) { return keys.Load().LookupPSK(ctx, id) })
	}
	inGroup(t, testShards, kernel, change, func(w *world) {
		var clients sync.WaitGroup
		var echoes atomic.Int64
		var stopping atomic.Bool
		for i := range 8 {
			clients.Go(func() {
				for life := 0; !stopping.Load(); life++ {
					echoes.Add(int64(w.live(i, life)))
				}
			})
		}
		for round := range 5 {
			time.Sleep(20 * time.Millisecond)
			keys.Store(&StaticPSK{"*": testKey})
			w.srv.Config.SetSessionTicketKeys([][32]byte{{byte(round)}, {byte(round - 1)}})
			w.srv.Sessions()
			w.srv.Stats()
		}
		stopping.Store(true)
		stop(w.srv)
		if err := <-w.serving; err != ErrServerClosed {
			t.Errorf("ServeGroup = %v", err)
		}
		clients.Wait()
		w.serving <- ErrServerClosed
		stats := w.srv.Stats()
		if echoes.Load() < 50 || stats.Sessions != 0 || stats.HalfOpen != 0 || uint64(len(r.reasons())) != stats.HandshakesCompleted {
			t.Errorf("%d echoes, %d sessions closed, stats: %+v", echoes.Load(), len(r.reasons()), stats)
		}
	})
}

// live is the life of a client: it speaks from three addresses. It returns how
// often it was answered.
func (w *world) live(i, life int) (answers int) {
	config := movingConfig()
	config.HandshakeTimeout = time.Second
	c, err := w.tryDial(portOf(1000*i+3*(life%300)), config)
	if err != nil {
		time.Sleep(time.Millisecond)
		return 0
	}
	defer c.Close()
	for place := range 3 {
		if place > 0 && c.Rebind(w.net.dial(portOf(1000*i+3*(life%300)+place), serverAddress)) != nil {
			return answers
		}
		for range 3 {
			if echo(c, "hello") != nil {
				return answers
			}
			answers++
			time.Sleep(time.Millisecond)
		}
	}
	return answers
}
