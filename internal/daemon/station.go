package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"

	"github.com/dtlsd/dtlsd/dtls"
)

// A place is an address to listen on.
type place struct {
	address  *net.UDPAddr
	optional bool // for machines that do not have it
}

// network is what to listen on: an address means its own family and no other,
// so that 0.0.0.0 and [::] can be had together; a mere port means both.
func (p place) network() string {
	switch {
	case p.address.IP == nil:
		return "udp"
	case p.address.IP.To4() != nil:
		return "udp4"
	}
	return "udp6"
}

// opened is the place with the port of its sockets.
func (p place) opened(socket net.PacketConn) net.Addr {
	address := *p.address
	if local, ok := socket.LocalAddr().(*net.UDPAddr); ok {
		address.Port = local.Port
	}
	return &address
}

// places reads the addresses of the settings.
func places(listen []string) ([]place, error) {
	optional := ""
	if len(listen) == 0 {
		listen = defaultListen()
		optional = listen[1]
	}
	all := make([]place, len(listen))
	for i, text := range listen {
		address, err := parseAddress(text)
		if err != nil {
			return nil, err
		}
		all[i] = place{address, text == optional}
	}
	return all, nil
}

// A station is a server that can be told to listen, to listen elsewhere and to
// stop, as with the button of Qt's example server. Its methods may be called
// from any goroutine.
type station struct {
	server  *dtls.Server
	shards  int              // of each address; 0 for as many as there are processors
	opened  func([]net.Addr) // called with the real addresses before anything is served
	missing func(error)      // called for an optional address that there is not
	parted  func(int, error) // called when sockets were given up: how many peers were told goodbye, and why not all
	failed  chan error       // gets the error of a socket that died

	mu      sync.Mutex
	sockets [][]net.PacketConn // of each address those of its shards
	asked   []string           // the addresses, as they were asked for
	real    []string           // the same, with the ports that the system chose
	paused  bool               // it has sockets, and refuses new sessions
}

// listen starts to listen. On the addresses on which it does already, it goes
// on; otherwise every peer is told goodbye, and the sockets are opened anew.
func (s *station) listen(ctx context.Context, where []place) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := names(where)
	if len(s.sockets) > 0 && (slices.Equal(asked, s.asked) || slices.Equal(asked, s.real)) {
		s.accept(true)
		return nil
	}
	sockets, addresses, err := s.replaceSockets(ctx, where)
	if err != nil {
		return err
	}
	s.sockets, s.asked, s.real = sockets, asked, sorted(addresses)
	s.accept(true)
	s.opened(addresses)
	for _, group := range sockets {
		go s.serve(group)
	}
	return nil
}

// replaceSockets opens new sockets in the place of those there are. These are
// given up only when that is possible, unless they are what is in the way.
func (s *station) replaceSockets(ctx context.Context, where []place) ([][]net.PacketConn, []net.Addr, error) {
	if slices.ContainsFunc(where, s.occupies) {
		s.withdraw(ctx)
		return s.bindAll(where)
	}
	sockets, addresses, err := s.bindAll(where)
	if err == nil {
		s.withdraw(ctx) // a goodbye that is cut short is no reason to stay
	}
	return sockets, addresses, err
}

// occupies reports whether one of the sockets keeps another from being opened
// there.
func (s *station) occupies(p place) bool {
	return slices.ContainsFunc(s.sockets, func(group []net.PacketConn) bool {
		own, ok := group[0].LocalAddr().(*net.UDPAddr)
		if !ok || own.Port != p.address.Port {
			return false
		}
		everywhere := p.address.IP == nil || p.address.IP.IsUnspecified() || own.IP.IsUnspecified()
		return everywhere || p.address.IP.Equal(own.IP)
	})
}

func (s *station) accept(accepting bool) {
	s.paused = !accepting
	s.server.SetAccepting(accepting)
}

func names(where []place) []string {
	addresses := make([]net.Addr, len(where))
	for i, p := range where {
		addresses[i] = p.address
	}
	return sorted(addresses)
}

func sorted(addresses []net.Addr) []string {
	list := make([]string, len(addresses))
	for i, a := range addresses {
		list[i] = a.String()
	}
	slices.Sort(list)
	return list
}

// listening returns the addresses of the sockets, and whether new sessions may
// begin.
func (s *station) listening() (addresses []string, accepting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.real), len(s.sockets) > 0 && !s.paused
}

// serve reports the sockets of an address that die before they are given up.
func (s *station) serve(group []net.PacketConn) {
	err := s.server.ServeGroup(group)
	s.mu.Lock()
	defer s.mu.Unlock()
	isOurs := func(other []net.PacketConn) bool { return other[0] == group[0] }
	if errors.Is(err, dtls.ErrServerClosed) || !slices.ContainsFunc(s.sockets, isOurs) {
		return
	}
	select {
	case s.failed <- runFault("", "serving %v: %w", group[0].LocalAddr(), rootCause(err)):
	default: // one is enough
	}
}

// shardsOfEach returns how many shards serve each of the addresses. The caller
// holds the lock, or is called with it held.
func (s *station) shardsOfEach() int {
	if len(s.sockets) == 0 {
		return 0
	}
	return len(s.sockets[0])
}

// stopAccepting refuses new sessions; those there are live on.
func (s *station) stopAccepting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sockets) > 0 {
		s.accept(false)
	}
}

// disconnect says goodbye to every peer, closes the sockets and returns how
// many peers were told.
func (s *station) disconnect(ctx context.Context) (told int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.withdraw(ctx)
}

func (s *station) withdraw(ctx context.Context) (told int, err error) {
	told, err = s.server.Withdraw(ctx)
	s.forgetSockets()
	s.parted(told, err)
	return told, err
}

// forgetSockets closes the sockets. The server has closed them, but for those
// that it had not got to serve yet.
func (s *station) forgetSockets() {
	closeAll(s.sockets)
	s.sockets, s.asked, s.real = nil, nil, nil
}

func closeAll(sockets [][]net.PacketConn) {
	for _, group := range sockets {
		for _, socket := range group {
			socket.Close()
		}
	}
}

// close is disconnect for good.
func (s *station) close(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	told, err := s.server.Shutdown(ctx)
	s.forgetSockets()
	s.parted(told, err)
}

// bindAll opens the sockets of each place, or none. The addresses have the ports
// that the system chose.
func (s *station) bindAll(where []place) (sockets [][]net.PacketConn, addresses []net.Addr, err error) {
	for _, p := range where {
		group, err := dtls.ListenGroup(p.network(), p.address.String(), s.shards)
		switch {
		case err == nil:
			sockets = append(sockets, group)
			addresses = append(addresses, p.opened(group[0]))
		case p.optional && absent(err):
			s.missing(fmt.Errorf("not listening on %v: %w", p.address, rootCause(err)))
		default:
			closeAll(sockets)
			return nil, nil, bindFault(p.address, err)
		}
	}
	return sockets, addresses, nil
}

// absent tells whether the machine does not have the address that it was to
// listen on.
func absent(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

// bindFault says why there is no socket, in Qt's words where it has some.
func bindFault(address *net.UDPAddr, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return runFault(fmt.Sprintf("ss -ulnp 'sport = :%d' names the program that has it; port 0 takes a free one", address.Port),
			"%v: the bound address is already in use", address)
	case errors.Is(err, syscall.EACCES):
		return runFault("ports below 1024 need root, or CAP_NET_BIND_SERVICE", "%v: %w", address, rootCause(err))
	case absent(err):
		return runFault("ip address lists the addresses of this machine", "%v: %w", address, rootCause(err))
	}
	return runFault("", "%v: %w", address, rootCause(err))
}

// rootCause is the innermost error: the one without what a person knows
// already.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
