// Command pion is the peer on pion/dtls: its listener, used as its documentation
// shows, with a goroutine for each connection. It echoes every datagram until
// the client says goodbye.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pion/dtls/v4"
	"github.com/pion/dtls/v4/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v4/pkg/crypto/elliptic"
	"github.com/pion/dtls/v4/pkg/protocol"
)

const (
	handshakeTimeout = 20 * time.Second
	socketBuffer     = 4 << 20
	maxDatagram      = 2048
	identity         = "client"
)

var psk = []byte("\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")

var (
	groups   = map[string]elliptic.Curve{"P-256": elliptic.P256, "X25519": elliptic.X25519, "X25519MLKEM768": elliptic.X25519MLKEM768}
	versions = map[string]protocol.Version{"1.2": protocol.Version1_2, "1.3": protocol.Version1_3}
	suites   = map[string]ciphersuite.ID{
		"psk 1.2": 0x00a8, "ecdhepsk 1.2": 0xc037, "cert 1.2": 0xc02b, // with AES-128-GCM, -CBC and -GCM
		"psk 1.3": 0x1301, "cert 1.3": 0x1301, // TLS_AES_128_GCM_SHA256
	}
)

// Flags are those of the peers in C.
type settings struct {
	port                                              int
	authentication, groups, certificate, key, version string
}

func main() {
	var s settings
	flag.IntVar(&s.port, "p", 0, "port of 127.0.0.1")
	flag.StringVar(&s.authentication, "a", "psk", "psk, ecdhepsk or cert")
	flag.StringVar(&s.groups, "G", "P-256", "groups, separated by colons")
	flag.StringVar(&s.certificate, "c", "", "PEM file of the certificate")
	flag.StringVar(&s.key, "k", "", "PEM file of its key")
	flag.StringVar(&s.version, "v", "1.2", "1.2 or 1.3")
	flag.Parse()
	fmt.Fprintln(os.Stderr, serve(s))
	os.Exit(1)
}

// serve returns why it could not begin.
func serve(s settings) error {
	options, err := s.options()
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: s.port})
	if err != nil {
		return err
	}
	if err := errors.Join(socket.SetReadBuffer(socketBuffer), socket.SetWriteBuffer(socketBuffer)); err != nil {
		return err
	}
	listener, err := dtls.Listen(socket, options...)
	if err != nil {
		return err
	}
	fmt.Println("READY")
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go echo(conn.(*dtls.Conn))
	}
}

func (s settings) options() ([]dtls.ServerOption, error) {
	suite, known := suites[s.authentication+" "+s.version]
	if !known {
		return nil, fmt.Errorf("no suite for %s in DTLS %s", s.authentication, s.version)
	}
	var curves []elliptic.Curve
	for name := range strings.SplitSeq(s.groups, ":") {
		curves = append(curves, groups[name])
	}
	options := []dtls.ServerOption{
		dtls.WithMinVersion(versions[s.version]), dtls.WithMaxVersion(versions[s.version]),
		dtls.WithCipherSuites(suite), dtls.WithEllipticCurves(curves...),
	}
	if s.authentication != "cert" {
		return append(options, dtls.WithPSK(nil, choosePSK)), nil
	}
	certificate, err := tls.LoadX509KeyPair(s.certificate, s.key)
	return append(options, dtls.WithCertificates(certificate)), err
}

func choosePSK(identities [][]byte) (*dtls.PSK, error) {
	if slices.ContainsFunc(identities, func(i []byte) bool { return string(i) == identity }) {
		return &dtls.PSK{Identity: []byte(identity), Key: psk}, nil
	}
	return nil, nil
}

func echo(conn *dtls.Conn) {
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	err := conn.HandshakeContext(ctx)
	cancel()
	buffer := make([]byte, maxDatagram)
	for err == nil {
		var n int
		if n, err = conn.Read(buffer); err == nil {
			_, err = conn.Write(buffer[:n])
		}
	}
}
