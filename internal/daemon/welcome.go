package daemon

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
)

// newGuest makes a pre-shared key for a run that was given no credential.
func newGuest() PSK {
	return PSK{Identity: []byte("guest-" + randomHex(4)), Key: randomBytes(16)}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

func randomHex(n int) string { return hex.EncodeToString(randomBytes(n)) }

// pskCommands are commands to paste into another terminal of this machine to
// talk to the server at address with p, whose identity must be printable. Other
// programs speak DTLS 1.2, if the server does.
func pskCommands(address net.Addr, p PSK, speaks12 bool) []string {
	host, port := reachable(address)
	identity, key := shellQuote(string(p.Identity)), hex.EncodeToString(p.Key)
	target := shellQuote(net.JoinHostPort(host, port))
	commands := []string{fmt.Sprintf("%s connect %s --psk %s", program(), target, shellQuote(string(p.AppendTo(nil))))}
	if !speaks12 {
		return commands
	}
	return append(commands,
		fmt.Sprintf("openssl s_client -dtls1_2 -connect %s -psk_identity %s -psk %s", target, identity, key),
		fmt.Sprintf("gnutls-cli --udp --port %s --pskusername %s --pskkey %s --priority %s %s", port, identity, key,
			"NORMAL:-KX-ALL:+PSK:-VERS-ALL:+VERS-DTLS1.2", host))
}

// certificateCommands are the same for a server with a certificate that nobody
// vouches for.
func certificateCommands(address net.Addr, speaks12 bool) []string {
	host, port := reachable(address)
	target := shellQuote(net.JoinHostPort(host, port))
	commands := []string{fmt.Sprintf("%s connect %s --insecure", program(), target)}
	if !speaks12 {
		return commands
	}
	return append(commands,
		fmt.Sprintf("openssl s_client -dtls1_2 -connect %s", target),
		fmt.Sprintf("gnutls-cli --udp --port %s --insecure --priority %s %s", port, "NORMAL:-VERS-ALL:+VERS-DTLS1.2", host))
}

// reachable is where a client on this machine finds what listens on address:
// nobody can connect to the wildcard.
func reachable(address net.Addr) (host, port string) {
	host, port, _ = net.SplitHostPort(address.String())
	switch host {
	case "", netip.IPv4Unspecified().String():
		host = "127.0.0.1"
	case netip.IPv6Unspecified().String():
		host = netip.IPv6Loopback().String()
	}
	return host, port
}
