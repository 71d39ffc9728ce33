package console

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestConsoleAnswersToItsOwnNamesOnly(t *testing.T) {
	own := func() string { // an address of this machine
		for _, a := range machineAddresses() {
			if rank(a) == 2 {
				return net.JoinHostPort(a.String(), "8080")
			}
		}
		return "127.0.0.1:8080"
	}()
	tests := []struct {
		address         string
		tls             bool
		hosts           []string
		allowed, denied []string
	}{
		{
			address: "127.0.0.1:8080",
			allowed: []string{"127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"},
			denied: []string{"", "127.0.0.1", "localhost", "localhost:8081", "evil.example:8080", "evil.example",
				"localhost.evil.example:8080", "127.0.0.1.evil.example:8080", "127.0.0.2:8080", "localhost.:8080", "0.0.0.0:8080",
				"::1:8080", ":8080", "localhost:8080:8080", "a@localhost:8080"},
		},
		{
			address: "[::1]:8080",
			allowed: []string{"[::1]:8080", "localhost:8080"},
			denied:  []string{"[::1]", "evil.example:8080"},
		},
		{
			address: "127.0.0.1:80",
			allowed: []string{"127.0.0.1", "localhost", "localhost:80", "[::1]"},
			denied:  []string{"localhost:443", "evil.example"},
		},
		{
			address: "192.0.2.1:443", tls: true,
			allowed: []string{"192.0.2.1", "192.0.2.1:443"},
			denied:  []string{"localhost", "localhost:443", "192.0.2.1:80", "evil.example"},
		},
		{
			address: "127.0.0.1:8080", hosts: []string{"Console.example", "other.example:9000", "[2001:db8::1]"},
			allowed: []string{"127.0.0.1:8080", "console.example", "console.EXAMPLE:1234", "other.example:9000", "[2001:db8::1]:77", "[2001:db8::1]"},
			denied:  []string{"other.example", "other.example:8080", "a.console.example"},
		},
		{
			address: "0.0.0.0:8080", tls: true,
			allowed: []string{"localhost:8080", "127.0.0.1:8080", own},
			denied:  []string{"evil.example:8080", "192.0.2.77:8080", strings.TrimSuffix(own, "8080") + "8081"},
		},
		{
			address: "[::]:8080", tls: true,
			allowed: []string{"localhost:8080", "127.0.0.1:8080", own},
			denied:  []string{"evil.example:8080"},
		},
	}
	for _, tt := range tests {
		s := Settings{Hosts: tt.hosts}
		if tt.tls {
			withTLS(&s)
		}
		address, err := net.ResolveTCPAddr("tcp", tt.address)
		if err != nil {
			t.Fatal(err)
		}
		l := newHostList(address, s)
		for _, host := range tt.allowed {
			if !l.allows(host) {
				t.Errorf("on %s with %q: %q is refused", tt.address, tt.hosts, host)
			}
		}
		for _, host := range tt.denied {
			if l.allows(host) {
				t.Errorf("on %s with %q: %q is allowed", tt.address, tt.hosts, host)
			}
		}
	}
}

func TestLinkLeadsSomewhere(t *testing.T) {
	tests := []struct {
		address string
		hosts   []string
		want    string
	}{
		{"127.0.0.1:8080", nil, "127.0.0.1:8080"},
		{"127.0.0.1:8080", []string{"console.example"}, "127.0.0.1:8080"},
		{"[::1]:8080", nil, "[::1]:8080"},
		{"[::ffff:192.0.2.1]:8080", nil, "192.0.2.1:8080"},
		{":8080", nil, "localhost:8080"},
		{"0.0.0.0:8080", []string{"console.example", "other.example"}, "console.example:8080"},
		{"[::]:8080", []string{"console.example:443"}, "console.example:443"},
	}
	for _, tt := range tests {
		address, err := net.ResolveTCPAddr("tcp", tt.address)
		if err != nil {
			t.Fatal(err)
		}
		if address.IP == nil { // as a listener tells it
			address.IP = net.IPv6unspecified
		}
		l := newHostList(address, Settings{Hosts: tt.hosts})
		if l.link != tt.want {
			t.Errorf("on %s with %q: the link is to %s, not %s", tt.address, tt.hosts, l.link, tt.want)
		}
		if !l.allows(l.link) {
			t.Errorf("on %s with %q: the link to %s is refused", tt.address, tt.hosts, l.link)
		}
	}
}

func TestOtherNamesAreToldWhichAreAllowed(t *testing.T) {
	s := newSite(t)
	for _, target := range []string{"/", "/livez", "/api/v1/status", "/api/v1/login"} {
		r := s.request("GET", target, "")
		r.Host = "evil.example"
		w := s.send(r)
		wantProblem(t, w, http.StatusMisdirectedRequest, "--console-host NAME")
		wantProblem(t, w, http.StatusMisdirectedRequest, s.console.listener.Addr().String())
	}
}
