package dtls

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"

	"golang.org/x/net/bpf"
)

// A memGroup is the sockets of one address.
type memGroup struct {
	sockets []*memSocket
	choose  func(p packet) int // which of them gets a packet
}

// listenGroup returns n sockets at an address.
func (n *memNet) listenGroup(address string, count int, choose func(p packet) int) []net.PacketConn {
	first := n.listen(address)
	g := &memGroup{choose: choose}
	list := make([]net.PacketConn, count)
	for i := range list {
		s := &memSocket{net: n, addr: first.addr, arrived: make(chan struct{}, 1), gone: make(chan struct{})}
		g.sockets = append(g.sockets, s)
		list[i] = s
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.groups[first.addr] = g
	return list
}

// socketFor returns where a packet goes, or nil. The caller holds the lock.
func (n *memNet) socketFor(p packet) *memSocket {
	if g := n.groups[p.to]; g != nil {
		return g.sockets[g.choose(p)]
	}
	return n.sockets[p.to]
}

// byPort is a kernel that knows addresses only.
func byPort(shards int) func(p packet) int {
	return func(p packet) int { return int(p.from.Port()) % shards }
}

// byProgram is a kernel with a steering program.
func byProgram(t testing.TB, shards, cidLen int) func(p packet) int {
	vm, err := bpf.NewVM(steering(shards, cidLen))
	if err != nil {
		t.Fatal(err)
	}
	hash := byPort(shards)
	return func(p packet) int {
		if index, err := vm.Run(p.data); err == nil && index < shards {
			return index
		}
		return hash(p)
	}
}

// kernels are those with which several shards have to work.
func kernels(t testing.TB, shards int) map[string]func(p packet) int {
	return map[string]func(p packet) int{
		"steered":     byProgram(t, shards, DefaultConnectionIDLength),
		"handed over": byPort(shards),
	}
}

// inGroup runs f in virtual time with a server of several shards.
func inGroup(t *testing.T, shards int, choose func(p packet) int, change func(*Server), f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := unservedWorld(t, change)
		w.serveGroup(w.net.listenGroup(serverAddress, shards, choose))
		f(w)
		w.stop()
	})
}

// portOf returns an address of a client.
func portOf(i int) string { return fmt.Sprintf("198.51.100.7:%d", 40000+i) }

// shardsOf returns how many sessions each shard of a server has.
func shardsOf(s *Server) []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var counts []int
	for _, sh := range s.shards {
		sh.mu.Lock()
		counts = append(counts, sh.table.len())
		sh.mu.Unlock()
	}
	return counts
}

// peersAreWhere reports whether exactly these addresses have a session.
func peersAreWhere(s *Server, want map[netip.AddrPort]bool) bool {
	infos := s.Sessions()
	for _, info := range infos {
		if !want[info.Peer] {
			return false
		}
	}
	return len(infos) == len(want)
}
