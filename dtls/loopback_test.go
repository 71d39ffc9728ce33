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
