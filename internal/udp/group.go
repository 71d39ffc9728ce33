package udp

import (
	"context"
	"net"

	"golang.org/x/net/bpf"
)

// ListenGroup opens n sockets on one UDP address. The kernel hands the datagrams
// of one sender to one of them, always the same while the group is whole. Where
// it cannot, and for n below 2, there is one socket.
//
// With port 0 the system chooses one port for all. A port that another socket
// has is refused, as ever. On error nothing is open.
func ListenGroup(network, address string, n int) ([]net.PacketConn, error) {
	var plain net.ListenConfig
	first, err := plain.ListenPacket(context.Background(), network, address)
	if err != nil {
		return nil, err
	}
	if n < 2 || !canShare {
		return []net.PacketConn{first}, nil
	}
	group, err := addSockets(network, first, n)
	if err != nil {
		for _, socket := range group {
			socket.Close()
		}
		return nil, err
	}
	return group, nil
}

// addSockets opens the others of a group of n. It returns what is open even
// where it fails.
func addSockets(network string, first net.PacketConn, n int) ([]net.PacketConn, error) {
	group := []net.PacketConn{first}
	// The first socket was bound without the option: this is what fails where
	// another program has the port, even one that would share it.
	if err := share(first); err != nil {
		return group, err
	}
	sharing := net.ListenConfig{Control: shareBeforeBind}
	for len(group) < n {
		socket, err := sharing.ListenPacket(context.Background(), network, first.LocalAddr().String())
		if err != nil {
			return group, err
		}
		group = append(group, socket)
	}
	return group, nil
}

// Steer has the kernel choose the socket of a group by a program, which sees
// the payload of each datagram and returns the index of a socket, in the order
// in which [ListenGroup] returned them. For any other value the kernel chooses
// as it does without. One socket of the group stands for all. The error matches
// [errors.ErrUnsupported] where the platform, or the socket, has no such thing.
func Steer(socket net.PacketConn, program []bpf.RawInstruction) error {
	return steer(socket, program)
}
