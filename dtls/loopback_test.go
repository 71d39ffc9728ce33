package dtls

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

// loopback returns an echo server and a client with a complete handshake, over
// real sockets.
func loopback(t testing.TB, change func(server *Server, client *Config)) (*Server, *Conn) {
	t.Helper()
	srv := &Server{
		Config:  &Config{PSK: StaticPSK{"*": testKey}},
		Handler: HandlerFunc(func(s *Session, b []byte) { s.Send(b) }),
	}
	config := clientConfig()
	if change != nil {
		change(srv, config)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(pc) }()
	c, err := DialTimeout("udp", pc.LocalAddr().String(), 10*time.Second, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if _, err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
	return srv, c
}

func TestLoopbackEcho(t *testing.T) {
	_, c := loopback(t, nil)
	for _, text := range []string{"a", "b", string(make([]byte, 1<<14))} {
		if err := echo(c, text); err != nil {
			t.Fatalf("%d bytes: %v", len(text), err)
		}
	}
}

func TestWarmRecordPathDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	server, _ := loopback(t, nil)
	c := dialBare(t, server)
	message := make([]byte, 200)
	if allocs := testing.AllocsPerRun(500, func() { c.echo(message) }); allocs > 0 {
		t.Errorf("%v allocations per echo", allocs)
	}
}

// The first record of a session that sleeps allocates what its keys expand to, and
// not much more: see also what waking allocates in the engine.
func TestFirstRecordAfterSleepAllocatesLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	heard, slept := make(chan struct{}, 1), make(chan bool, 1)
	server, first := loopback(t, func(s *Server, _ *Config) {
		s.Config.MinVersion, s.Config.MaxVersion = version, version
		s.Config.CipherSuites = []uint16{TLS_PSK_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256}
		s.Config.SessionTicketsDisabled = true // the client would have to answer
		s.Handler = HandlerFunc(func(*Session, []byte) { heard <- struct{}{} })
	})
	first.Close()
	c := dialBare(t, server)
	sh := server.shards[0]
	message := make([]byte, 64)
	say := func() {
		var err error
		if c.out, err = c.assoc.Send(c.out[:0], message); err != nil {
			t.Fatal(err)
		}
		c.conn.Write(c.out)
		<-heard
	}
	say()
	sh.post(func() {
		sess := sh.table.last()
		sess.assoc.Timeout(sh.now.Add(time.Hour)) // the handshake is forgotten
		sh.drain(sess)
	})
	sleep := inboxItem{kind: itemCall, call: func() { slept <- sh.sleep(sh.table.last()) }}
	allocs := testing.AllocsPerRun(500, func() {
		sh.inbox.post(sleep)
		if !<-slept {
			t.Fatal("it does not sleep")
		}
		say()
	})
	if allocs > 4 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestDialIsToldThatNobodyListens(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := pc.LocalAddr().String()
	pc.Close()
	start := time.Now()
	_, err = Dial("udp", address, clientConfig())
	var unreachable *UnreachableError
	if !errors.Is(err, syscall.ECONNREFUSED) || !errors.As(err, &unreachable) {
		t.Fatalf("Dial: %v", err)
	}
	if got, want := err.Error(), "dtls: "+address+" is unreachable: connection refused"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

// A real kernel brings a client that has moved to its shard, and so do the shards
// themselves where it is not asked to.
func TestLoopbackGroupFollowsClients(t *testing.T) {
	for name, hidden := range map[string]bool{"steered": false, "handed over": true} {
		t.Run(name, func(t *testing.T) {
			srv := &Server{
				Config:  &Config{PSK: StaticPSK{"*": testKey}, MinVersion: version, MaxVersion: version},
				Handler: HandlerFunc(func(s *Session, b []byte) { s.Send(b) }),
			}
			sockets, err := ListenGroup("udp", "127.0.0.1:0", 4)
			if err != nil {
				t.Fatal(err)
			}
			address := sockets[0].LocalAddr().String()
			if hidden {
				for i := range sockets {
					sockets[i] = struct{ net.PacketConn }{sockets[i]} // no program can be attached
				}
			}
			served := make(chan error, 1)
			go func() { served <- srv.ServeGroup(sockets) }()
			for range 6 {
				roam(t, address)
			}
			if _, err := srv.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if err := <-served; err != ErrServerClosed {
				t.Errorf("ServeGroup: %v", err)
			}
			stats := srv.Stats()
			if len(sockets) > 1 && (stats.DatagramsHandedOver > 0) != hidden || stats.AddressChanges != 6*4 {
				t.Errorf("stats: %+v", stats)
			}
		})
	}
}

// roam has a client speak from several ports.
func roam(t *testing.T, address string) {
	t.Helper()
	c, err := DialTimeout("udp", address, 10*time.Second, movingConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for place := range 5 {
		if place > 0 {
			socket, err := net.Dial("udp", address)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Rebind(socket); err != nil {
				t.Fatal(err)
			}
		}
		if err := echo(c, "hello"); err != nil {
			t.Fatalf("place %d: %v", place, err)
		}
		if err := echo(c, "once more"); err != nil {
			t.Fatalf("place %d: %v", place, err)
		}
	}
}

func TestSecondServerOnThePortFails(t *testing.T) {
	sockets, err := ListenGroup("udp", "127.0.0.1:0", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(sockets)
	address := sockets[0].LocalAddr().String()
	config := &Config{PSK: StaticPSK{"*": testKey}, Shards: 2}
	second := &Server{Addr: address, Config: config, Handler: HandlerFunc(func(*Session, []byte) {})}
	if err := second.ListenAndServe(); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("ListenAndServe: %v", err)
	}
	if _, err := Listen("udp", address, config); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen: %v", err)
	}
	config = &Config{PSK: StaticPSK{"*": testKey}, Shards: MaxShards + 1}
	if _, err := Listen("udp", "127.0.0.1:0", config); err == nil {
		t.Error("too many shards are accepted")
	}
}

func TestListenHasTheShardsOfItsConfig(t *testing.T) {
	ln, err := Listen("udp", "127.0.0.1:0", &Config{PSK: StaticPSK{"*": testKey}, Shards: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if got := len(ln.group.shards); got != 3 && got != 1 {
		t.Errorf("%d shards", got)
	}
	for range 6 {
		c, err := DialTimeout("udp", ln.Addr().String(), 10*time.Second, clientConfig())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		server, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		if n, err := server.Read(buf); string(buf[:n]) != "hello" {
			t.Errorf("Read = %q, %v", buf[:n], err)
		}
		server.Close()
	}
}
