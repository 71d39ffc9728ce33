package interop

import (
	"net"
	"testing"
	"time"
)

// serverHello is a record with a ServerHello: a session ID of one byte, and the suite 0xccac.
var serverHello = append([]byte{
	22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 51, // record: handshake, epoch 0, 51 bytes
	2, 0, 0, 39, 0, 1, 0, 0, 0, 0, 0, 39, // message: server_hello, 39 bytes, unfragmented
	0xfe, 0xfd}, append(make([]byte, 32), 1, 7, 0xcc, 0xac, 0)...)

// applicationData is a record of one byte, in epoch 1.
var applicationData = []byte{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 9}

func TestRelayPassesDatagramsAndTellsTheSuite(t *testing.T) {
	server, client, relay := relayed(t, nil)
	client.Write(applicationData)
	_, back := read(t, server)
	server.WriteTo(serverHello, back)
	if got, _ := read(t, client); string(got) != string(serverHello) {
		t.Errorf("the client got %x", got)
	}
	for _, line := range []string{"^client application_data$", "^server_hello 0xccac$"} {
		if _, err := relay.Want("line", line); err != nil {
			t.Error(err)
		}
	}
}

func TestRelayLosesWhatItIsToldToLose(t *testing.T) {
	server, client, _ := relayed(t, func(from Role, datagram int) Fate {
		if from == Client && datagram == 1 {
			return Lost
		}
		return Delivered
	})
	for _, text := range []string{"first", "second", "third"} {
		client.Write([]byte(text))
	}
	for _, want := range []string{"first", "third"} {
		if got, _ := read(t, server); string(got) != want {
			t.Errorf("the server got %q, not %q", got, want)
		}
	}
}

func TestRelayLetsLateDatagramsBeOvertaken(t *testing.T) {
	server, client, _ := relayed(t, func(_ Role, datagram int) Fate {
		if datagram == 0 {
			return Late
		}
		return Delivered
	})
	for _, text := range []string{"first", "second"} {
		client.Write([]byte(text))
	}
	for _, want := range []string{"second", "first"} {
		if got, _ := read(t, server); string(got) != want {
			t.Errorf("the server got %q, not %q", got, want)
		}
	}
}

// relayed returns the sockets of a server and of a client with a relay between them.
func relayed(t *testing.T, fate func(Role, int) Fate) (server, client *net.UDPConn, relay *Relay) {
	t.Helper()
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	relay, err = NewRelay(server.LocalAddr().(*net.UDPAddr).AddrPort(), fate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Stop)
	client, err = net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(relay.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return server, client, relay
}

func read(t *testing.T, socket *net.UDPConn) ([]byte, net.Addr) {
	t.Helper()
	socket.SetReadDeadline(time.Now().Add(patience))
	buffer := make([]byte, 2048)
	n, from, err := socket.ReadFrom(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return buffer[:n], from
}
