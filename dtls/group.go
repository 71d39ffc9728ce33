package dtls

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// MaxShards is the largest number of shards of an address: the first byte of a
// connection ID names one.
const MaxShards = 256

// ListenGroup opens sockets on one UDP address for the shards of a server, which
// [Server.ServeGroup] serves. There are as many as n says; 0 stands for
// [runtime.GOMAXPROCS], and [MaxShards] bounds both. Where the system does not
// spread the datagrams of an address over several sockets, as only Linux does
// so that each client keeps its socket, there is one.
//
// The network is "udp", "udp4" or "udp6". With port 0 the system chooses a port,
// the same for all sockets. An address that is in use is an error, even where the
// other sockets there are a group as well. Anybody may call it, at any time; the
// sockets belong to the caller until ServeGroup.
func ListenGroup(network, address string, n int) ([]net.PacketConn, error) {
	if err := checkNetwork(network); err != nil {
		return nil, err
	}
	if err := checkShards(n); err != nil {
		return nil, fmt.Errorf("dtls: %w", err)
	}
	return udp.ListenGroup(network, address, min(or(n, runtime.GOMAXPROCS(0)), MaxShards))
}

func checkShards(n int) error {
	if n < 0 || n > MaxShards {
		return fmt.Errorf("%d shards are not between 0 and %d", n, MaxShards)
	}
	return nil
}

// A group is the shards of one address, in the order of their sockets. They
// share what a host has, and end together: while one of them has sessions, the
// others go on, as the kernel would deal out the datagrams anew over fewer
// sockets.
type group struct {
	shards []*shard
	spent  atomic.Int32 // shards that were told to leave and had no session left
	ended  sync.Once
	cause  error         // why the first of them ended; set before end is closed
	end    chan struct{} // closed when the first of them has ended
}

// newGroup returns a shard for each of the sockets, which have one address.
func newGroup(h *host, sockets []udp.Socket) (*group, error) {
	g := &group{end: make(chan struct{})}
	for i, socket := range sockets {
		sh, err := newShard(h, socket)
		if err != nil {
			return nil, err
		}
		sh.group = g
		sh.cids.index, sh.cids.shards = i, len(sockets)
		g.shards = append(g.shards, sh)
	}
	g.shards[0].post(g.shards[0].logListening)
	return g, nil
}

func checkGroup(sockets []net.PacketConn) error {
	switch {
	case len(sockets) == 0 || sockets[0] == nil:
		return errNoSocket
	case len(sockets) > MaxShards:
		return fmt.Errorf("dtls: %d sockets are more than %d", len(sockets), MaxShards)
	}
	for _, pc := range sockets[1:] {
		if pc == nil {
			return errNoSocket
		}
		if one, other := sockets[0].LocalAddr(), pc.LocalAddr(); one.String() != other.String() {
			return fmt.Errorf("dtls: sockets of one group are at %v and at %v", one, other)
		}
	}
	return nil
}

// run serves until all shards have ended, and returns why the first of them
// did. The error is never nil.
func (g *group) run() error {
	var others sync.WaitGroup
	for _, sh := range g.shards[1:] {
		others.Go(func() { g.runShard(sh) })
	}
	g.runShard(g.shards[0])
	others.Wait()
	return g.cause
}

func (g *group) runShard(sh *shard) { g.endWith(sh.run()) }

// endWith ends what is left of the group with one of its shards.
func (g *group) endWith(cause error) {
	g.ended.Do(func() {
		g.cause = cause
		close(g.end)
	})
	for _, sh := range g.shards {
		sh.leaveFor(g.cause)
	}
}

// spend hears that a shard that is to leave has no session left. It reports
// whether that was the last one.
func (g *group) spend() bool { return int(g.spent.Add(1)) == len(g.shards) }

// ownerOf returns the shard that a connection ID names.
func (g *group) ownerOf(cid []byte) *shard { return g.shards[int(cid[0])%len(g.shards)] }

// isFirst reports whether the shard speaks for its group.
func (s *shard) isFirst() bool { return s.group.shards[0] == s }

// newSockets returns the sockets of a group in the form that shards want.
func newSockets(group []net.PacketConn) []udp.Socket {
	sockets := make([]udp.Socket, len(group))
	for i, pc := range group {
		sockets[i] = udp.NewSocket(pc)
	}
	return sockets
}

func closeAll(sockets []net.PacketConn) {
	for _, pc := range sockets {
		if pc != nil {
			pc.Close()
		}
	}
}
