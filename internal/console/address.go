package console

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/net/netutil"
)

// maxConnections leaves the program file descriptors for what it is there for.
const maxConnections = 256

const (
	hintCertificate = "--console-cert and --console-key, or listen on 127.0.0.1"
	hintElsewhere   = "choose another address with --console HOST:PORT, or do without with --console off"
)

// resolve returns the address to listen on. Any but loopback needs TLS: the
// token would be there for everybody on the way to read.
func resolve(s Settings) (*net.TCPAddr, error) {
	address, err := net.ResolveTCPAddr("tcp", s.Address)
	if err != nil {
		return nil, &fault{err, "write HOST:PORT, such as 127.0.0.1:8080"}
	}
	if s.Certificate == nil && !address.IP.IsLoopback() {
		return nil, faultf(hintCertificate, "the console would listen on %s without TLS", s.Address)
	}
	return address, nil
}

func openListener(address *net.TCPAddr) (net.Listener, error) {
	l, err := net.Listen("tcp", address.String())
	switch {
	case err == nil:
		return netutil.LimitListener(l, maxConnections), nil
	case errors.Is(err, syscall.EADDRINUSE):
		hint := fmt.Sprintf("ss -tlnp 'sport = :%d' names it; %s", address.Port, hintElsewhere)
		return nil, faultf(hint, "another program listens on %v already", address)
	}
	return nil, &fault{err, hintElsewhere}
}
