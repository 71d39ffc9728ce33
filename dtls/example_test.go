package dtls_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// A server answers each datagram of each client from one handler. Shutdown
// says goodbye to the clients.
func ExampleServer() {
	key := []byte{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f}
	srv := &dtls.Server{
		Config: &dtls.Config{PSK: dtls.StaticPSK{"sensor-7": key}},
		Handler: dtls.HandlerFunc(func(s *dtls.Session, datagram []byte) {
			fmt.Printf("%s says %q\n", s.ConnectionState().PSKIdentity, datagram)
			s.Send([]byte("ACK"))
		}),
		Closed: func(_ *dtls.Session, reason error) { fmt.Println(reason) },
	}
	// ListenAndServe would listen on srv.Addr.
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- srv.Serve(socket) }()

	client := dialPSK(socket.LocalAddr().String(), "sensor-7", key)
	defer client.Close()
	fmt.Printf("the answer is %q\n", ask(client, "21.5"))

	if _, err := srv.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	if err := <-served; err != dtls.ErrServerClosed {
		log.Fatal(err)
	}
	// Output:
	// sensor-7 says "21.5"
	// the answer is "ACK"
	// dtls: server closed
}

// A listener is for code that wants a connection, and a goroutine, for each
// client.
func ExampleListen() {
	key := []byte{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f}
	listener, err := dtls.Listen("udp", "127.0.0.1:0", &dtls.Config{PSK: dtls.StaticPSK{"sensor-7": key}})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		client := dialPSK(listener.Addr().String(), "sensor-7", key)
		ask(client, "one")
		ask(client, "two")
		client.Close()
	}()

	conn, err := listener.Accept()
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	listener.Close()
	buffer := make([]byte, 1500)
	for {
		n, err := conn.Read(buffer) // one datagram
		if errors.Is(err, io.EOF) {
			fmt.Println("goodbye")
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", buffer[:n])
		conn.Write([]byte("ACK"))
	}
	// Output:
	// one
	// two
	// goodbye
}

// A client with a pre-shared key has an identity, by which the server finds
// its copy of the key.
func ExampleDial() {
	server := startEcho(&dtls.Config{PSK: dtls.StaticPSK{"sensor-7": []byte("correct horse battery staple")}})
	defer server.Close()

	conn, err := dtls.Dial("udp", server.Addr().String(), &dtls.Config{
		ClientPSK: func(ctx context.Context, hint []byte) (identity, key []byte, err error) {
			return []byte("sensor-7"), []byte("correct horse battery staple"), nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()

	if _, err := conn.Write([]byte("21.5")); err != nil {
		log.Fatal(err)
	}
	// A datagram can get lost on the way there or back.
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	buffer := make([]byte, 1500)
	n, err := conn.Read(buffer)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %s\n", dtls.VersionName(conn.ConnectionState().Version), buffer[:n])
	// Output: DTLS 1.2: 21.5
}

// Client and server know each other by certificates. They usually come from
// files, by way of [tls.LoadX509KeyPair] and [x509.CertPool.AppendCertsFromPEM].
func ExampleDial_certificates() {
	serverCertificate, serverAuthority := newCertificate("server.example")
	clientCertificate, clientAuthority := newCertificate("sensor-7")

	server := startEcho(&dtls.Config{
		Certificates: []tls.Certificate{serverCertificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clientAuthority,
	})
	defer server.Close()

	conn, err := dtls.Dial("udp", server.Addr().String(), &dtls.Config{
		RootCAs:      serverAuthority,
		ServerName:   "server.example", // by default the host of the address
		Certificates: []tls.Certificate{clientCertificate},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Println("connected to", conn.ConnectionState().PeerCertificates[0].DNSNames[0])

	_, err = dtls.Dial("udp", server.Addr().String(), &dtls.Config{
		RootCAs:      serverAuthority,
		ServerName:   "other.example",
		Certificates: []tls.Certificate{clientCertificate},
	})
	var refused *dtls.CertificateError
	fmt.Println("refused:", errors.As(err, &refused))
	// Output:
	// connected to server.example
	// refused: true
}

// dialPSK returns a connection of a client with that identity and key.
func dialPSK(address, identity string, key []byte) *dtls.Conn {
	conn, err := dtls.Dial("udp", address, &dtls.Config{
		ClientPSK: func(context.Context, []byte) ([]byte, []byte, error) { return []byte(identity), key, nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

// ask sends a datagram and returns the answer.
func ask(conn net.Conn, question string) string {
	if _, err := conn.Write([]byte(question)); err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 1500)
	n, err := conn.Read(buffer)
	if err != nil {
		log.Fatal(err)
	}
	return string(buffer[:n])
}

// startEcho returns a listener whose connections send back what they get.
func startEcho(config *dtls.Config) net.Listener {
	listener, err := dtls.Listen("udp", "127.0.0.1:0", config)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 1500)
				for {
					n, err := conn.Read(buffer)
					if err != nil {
						return
					}
					conn.Write(buffer[:n])
				}
			}()
		}
	}()
	return listener
}

// newCertificate returns a certificate that signs itself, and the pool of
// those who trust it.
func newCertificate(name string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		DNSNames:     []string{name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
