package console

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A hostList is the names that browsers may call the console by. A page of
// somebody else's whose name was made to resolve to this machine (DNS
// rebinding) is of the same origin as the console for the browser, but not for
// the console: the name in the Host header is that page's.
type hostList struct {
	address netip.AddrPort // being listened on
	names   []string       // host and port, lower case
	anyPort []string       // hosts that may have any port, as behind a proxy
	usual   string         // port that a URL leaves out
	link    string         // host and port for a link
}

func newHostList(listening *net.TCPAddr, s Settings) *hostList {
	l := &hostList{address: plainAddrPort(listening.AddrPort()), usual: "80"}
	if s.Certificate != nil {
		l.usual = "443"
	}
	l.link = l.address.String()
	if a := l.address.Addr(); a.IsLoopback() || a.IsUnspecified() {
		for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
			l.names = append(l.names, net.JoinHostPort(host, l.port()))
		}
	}
	if !slices.Contains(l.names, l.link) {
		l.names = append(l.names, l.link)
	}
	if l.address.Addr().IsUnspecified() { // no place to go to
		l.link = net.JoinHostPort("localhost", l.port())
	}
	for i, name := range s.Hosts {
		host, port := splitHost(strings.ToLower(name))
		full := net.JoinHostPort(host, cmp.Or(port, l.port()))
		if port == "" {
			l.anyPort = append(l.anyPort, host)
		} else {
			l.names = append(l.names, full)
		}
		if i == 0 && l.address.Addr().IsUnspecified() {
			l.link = full
		}
	}
	return l
}

func (l *hostList) port() string { return strconv.Itoa(int(l.address.Port())) }

// allows tells whether a Host header is one of ours.
func (l *hostList) allows(header string) bool {
	host, port := splitHost(strings.ToLower(header))
	port = cmp.Or(port, l.usual)
	return slices.Contains(l.anyPort, host) ||
		slices.Contains(l.names, net.JoinHostPort(host, port)) ||
		port == l.port() && l.isOurs(host)
}

// isOurs tells whether a host is an address of this machine that is being
// listened on. Addresses come and go, so it asks each time.
func (l *hostList) isOurs(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && l.address.Addr().IsUnspecified() && slices.Contains(machineAddresses(), a.Unmap())
}

// only refuses requests under any other name.
func (l *hostList) only(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.allows(r.Host) {
			writeProblem(w, problem{http.StatusMisdirectedRequest,
				"the console is not called " + r.Host,
				"use " + strings.Join(slices.Concat(l.names, l.anyPort), ", ") + ", or allow the name with --console-host NAME"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// splitHost splits a host with or without a port.
func splitHost(s string) (host, port string) {
	if host, port, err := net.SplitHostPort(s); err == nil {
		return host, port
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), ""
}

// plainAddrPort is an address as a URL has it.
func plainAddrPort(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
