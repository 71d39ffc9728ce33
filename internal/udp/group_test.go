package udp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/bpf"
)

// openGroup opens a group that is closed with the test.
func openGroup(t *testing.T, network, address string, n int) []net.PacketConn {
	t.Helper()
	sockets, err := ListenGroup(network, address, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, s := range sockets {
			s.Close()
		}
	})
	if canShare && len(sockets) != n || !canShare && len(sockets) != 1 {
		t.Fatalf("%d sockets, want %d", len(sockets), n)
	}
	return sockets
}

func TestGroupHasOneAddress(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", ":0"} {
		sockets := openGroup(t, "udp", address, 3)
		for _, s := range sockets[1:] {
			if got, want := s.LocalAddr().String(), sockets[0].LocalAddr().String(); got != want {
				t.Errorf("on %s: %s and %s", address, want, got)
			}
		}
	}
	if sockets, err := ListenGroup("udp", "127.0.0.1:0", 0); err != nil || len(sockets) != 1 {
		t.Errorf("a group of none: %v, %v", sockets, err)
	} else {
		sockets[0].Close()
	}
}

func TestNobodyElseGetsThePortOfAGroup(t *testing.T) {
	address := openGroup(t, "udp4", "127.0.0.1:0", 2)[0].LocalAddr().String()
	for n := 1; n <= 2; n++ {
		if sockets, err := ListenGroup("udp4", address, n); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("a second group of %d there: %v, %v", n, sockets, err)
		}
	}
	alone := listen(t, "udp4", "127.0.0.1:0")
	if sockets, err := ListenGroup("udp4", alone.LocalAddr().String(), 2); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a group where there is a socket: %v, %v", sockets, err)
	}
}

// readFrom returns which socket of a group has a datagram.
func readFrom(t *testing.T, sockets []net.PacketConn) (index int, payload string) {
	t.Helper()
	buf := make([]byte, 100)
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		for i, s := range sockets {
			s.SetReadDeadline(time.Now().Add(time.Millisecond))
			n, _, err := s.ReadFrom(buf)
			if err == nil {
				return i, string(buf[:n])
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
		}
	}
	t.Fatal("no datagram")
	return 0, ""
}

func TestSenderKeepsItsSocket(t *testing.T) {
	sockets := openGroup(t, "udp4", "127.0.0.1:0", 4)
	for range 8 {
		c := dial(t, sockets[0].LocalAddr().String())
		first := -1
		for i := range 4 {
			fmt.Fprint(c, "datagram ", i)
			index, payload := readFrom(t, sockets)
			if first < 0 {
				first = index
			}
			if index != first || payload != fmt.Sprint("datagram ", i) {
				t.Fatalf("%q at socket %d, the first was at %d", payload, index, first)
			}
		}
	}
}

func TestProgramChoosesTheSocket(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", ":0"} {
		sockets := openGroup(t, "udp", address, 3)
		program, err := bpf.Assemble([]bpf.Instruction{bpf.LoadAbsolute{Off: 0, Size: 1}, bpf.ALUOpConstant{Op: bpf.ALUOpSub, Val: 'a'}, bpf.RetA{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := Steer(sockets[0], program); errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
		port := sockets[0].LocalAddr().(*net.UDPAddr).Port
		c := dial(t, fmt.Sprintf("127.0.0.1:%d", port))
		for i, text := range []string{"a", "b", "c", "b", "a"} {
			fmt.Fprint(c, text)
			if index, payload := readFrom(t, sockets); payload != text || index != int(text[0]-'a') {
				t.Errorf("on %s, datagram %d: %q at socket %d", address, i, payload, index)
			}
		}
		fmt.Fprint(c, "z") // there is no such socket: the kernel chooses
		if _, payload := readFrom(t, sockets); payload != "z" {
			t.Errorf("%q", payload)
		}
	}
}

func TestOnlyGroupsAreSteered(t *testing.T) {
	program := []bpf.RawInstruction{{Op: 6, K: 0}} // return 0
	if err := Steer(plain{listen(t, "udp4", "127.0.0.1:0")}, program); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a socket of another kind: %v", err)
	}
	if err := Steer(listen(t, "udp4", "127.0.0.1:0"), program); err == nil {
		t.Error("a socket without a group can be steered")
	}
	if err := Steer(openGroup(t, "udp4", "127.0.0.1:0", 2)[0], nil); err == nil {
		t.Error("no program is one")
	}
}
