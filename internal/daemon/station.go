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

// opened is the place with the port of its socket.
func (p place) opened(socket *net.UDPConn) net.Addr {
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
	newServer func() *dtls.Server
	opened    func([]net.Addr) // called with the real addresses before anything is served
	missing   func(error)      // called for an optional address that there is not
	failed    chan error       // gets the error of a socket that died

	mu     sync.Mutex
	server *dtls.Server // nil while it does not listen
	asked  []string     // the addresses, as they were asked for
}

// listen starts to listen. On the addresses on which it does already, it goes
// on; otherwise every peer is told goodbye, and the sockets are opened anew.
func (s *station) listen(ctx context.Context, where []place) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := names(where)
	if s.server != nil && slices.Equal(asked, s.asked) {
		s.server.SetAccepting(true)
		return nil
	}
	if _, err := s.closeServer(ctx); err != nil {
		return err
	}
	sockets, addresses, err := s.bindAll(where)
	if err != nil {
		return err
	}
	s.server, s.asked = s.newServer(), asked
	s.opened(addresses)
	for _, socket := range sockets {
		go s.serve(s.server, socket)
	}
	return nil
}

func names(where []place) []string {
	var list []string
	for _, p := range where {
		list = append(list, p.address.String())
	}
	slices.Sort(list)
	return list
}

func (s *station) serve(server *dtls.Server, socket net.PacketConn) {
	err := server.Serve(socket)
	if errors.Is(err, dtls.ErrServerClosed) {
		return
	}
	select {
	case s.failed <- runFault("", "serving %v: %w", socket.LocalAddr(), rootCause(err)):
	default: // one is enough
	}
}

// stopAccepting refuses new sessions; those there are live on.
func (s *station) stopAccepting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		s.server.SetAccepting(false)
	}
}

// close says goodbye to every peer and returns how many were told.
func (s *station) close(ctx context.Context) (told int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closeServer(ctx)
}

func (s *station) closeServer(ctx context.Context) (told int, err error) {
	if s.server == nil {
		return 0, nil
	}
	server := s.server
	s.server, s.asked = nil, nil
	return server.Shutdown(ctx)
}

// bindAll opens a socket for each place, or none. The addresses have the ports
// that the system chose.
func (s *station) bindAll(where []place) (sockets []net.PacketConn, addresses []net.Addr, err error) {
	for _, p := range where {
		socket, err := net.ListenUDP(p.network(), p.address)
		switch {
		case err == nil:
			sockets = append(sockets, socket)
			addresses = append(addresses, p.opened(socket))
		case p.optional && absent(err):
			s.missing(fmt.Errorf("not listening on %v: %w", p.address, rootCause(err)))
		default:
			for _, open := range sockets {
				open.Close()
			}
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
