// Command udp echoes datagrams without encryption, in batches: the floor for any
// server in Go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"

	"golang.org/x/net/ipv4"
)

const (
	batchSize    = 64
	socketBuffer = 4 << 20
	maxDatagram  = 2048
)

func main() {
	port := flag.Int("p", 0, "port of 127.0.0.1")
	flag.Parse()
	if err := serve(*port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(port int) error {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return err
	}
	if err := errors.Join(socket.SetReadBuffer(socketBuffer), socket.SetWriteBuffer(socketBuffer)); err != nil {
		return err
	}
	fmt.Println("READY")
	return echo(ipv4.NewPacketConn(socket))
}

// echo sends back what comes; a datagram that cannot be sent is passed over.
func echo(conn *ipv4.PacketConn) error {
	batch := make([]ipv4.Message, batchSize)
	for i := range batch {
		batch[i].Buffers = [][]byte{make([]byte, maxDatagram)}
	}
	for {
		n, err := conn.ReadBatch(batch, 0)
		if err != nil {
			return err
		}
		for i := range batch[:n] {
			batch[i].Buffers[0] = batch[i].Buffers[0][:batch[i].N]
		}
		for sent := 0; sent < n; {
			k, err := conn.WriteBatch(batch[sent:n], 0)
			if err != nil {
				k = 1
			}
			sent += k
		}
		for i := range batch[:n] {
			batch[i].Buffers[0] = batch[i].Buffers[0][:maxDatagram]
		}
	}
}
