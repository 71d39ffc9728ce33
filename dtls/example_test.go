package dtls_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"github.com/dtlsd/dtlsd/dtls"
)

// A server that acknowledges every datagram, and a client of it.
func Example() {
	key := []byte("a secret of both sides")
	srv := &dtls.Server{
		Config: &dtls.Config{PSK: dtls.StaticPSK{"sensor-7": key}},
		Handler: dtls.HandlerFunc(func(s *dtls.Session, datagram []byte) {
			s.Send(fmt.Appendf(nil, "%s: ACK", datagram))
		}),
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		if err := srv.Serve(pc); !errors.Is(err, dtls.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	defer srv.Shutdown(context.Background())

	conn, err := dtls.Dial("udp", pc.LocalAddr().String(), &dtls.Config{
		ClientPSK: dtls.StaticClientPSK("sensor-7", key),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "21.5 °C")
	reply := make([]byte, 100)
	n, err := conn.Read(reply)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", reply[:n])
	// Output: 21.5 °C: ACK
}

// A handler that waits for a database, on eight workers.
func ExampleAsync() {
	slow := dtls.HandlerFunc(func(s *dtls.Session, datagram []byte) {
		// ... ask the database ...
		s.Send([]byte("stored"))
	})
	srv := &dtls.Server{
		Config:  &dtls.Config{PSK: dtls.StaticPSK{}},
		Handler: dtls.Async(slow, 8),
	}
	_ = srv
}

// Who is at the other end, and how the session is protected.
func ExampleSession_ConnectionState() {
	handler := dtls.HandlerFunc(func(s *dtls.Session, datagram []byte) {
		state := s.ConnectionState()
		fmt.Printf("%s over %s\n", state.PSKIdentity, state.CipherSuite.Name)
	})
	_ = handler
}
