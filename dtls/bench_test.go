package dtls

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"
)

func BenchmarkEchoOverLoopback(b *testing.B) {
	server, _ := loopback(b, nil)
	for _, size := range []int{64, 256, 1200} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := dialBare(b, server)
			c.conn.SetReadDeadline(time.Now().Add(10 * time.Minute))
			message := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				c.echo(message)
			}
		})
	}
}

// The same without DTLS: what the sockets and the scheduler cost.
func BenchmarkPlainEchoOverLoopback(b *testing.B) {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			server.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	conn, err := net.Dial("udp", server.LocalAddr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	message, buf := make([]byte, 64+37), make([]byte, 2048)
	for b.Loop() {
		conn.Write(message)
		conn.Read(buf)
	}
}

func BenchmarkEchoBetweenConns(b *testing.B) {
	_, c := loopback(b, nil)
	message, buf := make([]byte, 256), make([]byte, 256)
	b.SetBytes(256)
	b.ReportAllocs()
	for b.Loop() {
		c.Write(message)
		c.Read(buf)
	}
}

func BenchmarkHandshake(b *testing.B) {
	server, _ := loopback(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		conn, err := net.Dial("udp", server.Addrs()[0].String())
		if err != nil {
			b.Fatal(err)
		}
		newBareClient(b, conn)
		conn.Close()
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
