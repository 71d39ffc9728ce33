package dtls

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
)

// A peer decides neither how long a line is nor what it does to a terminal.
func TestReasonsInLinesAreBounded(t *testing.T) {
	long := &CertificateError{errors.New(strings.Repeat("\x1b€", 10_000))}
	v := newVoice(engine.Server, "")
	for _, line := range []string{v.failed(netip.AddrPort{}, long), v.closed(netip.AddrPort{}, long), v.lookupFailed(netip.AddrPort{}, "x", long)} {
		if len(line) > 4*maxReason+100 || !strings.HasSuffix(line, " ...") || strings.ContainsRune(line, '\x1b') {
			t.Errorf("a line of %d bytes: %.80q", len(line), line)
		}
	}
}

func TestTextsAboutIPv6(t *testing.T) {
	peer := netip.MustParseAddrPort("[::1]:5684")
	server, client := newVoice(engine.Server, ""), newVoice(engine.Client, "")
	for got, want := range map[string]string{
		server.unverified(peer):                                            "([::1]:5684): not verified yet",
		server.started(peer, true):                                         "([::1]:5684): verified, starting a handshake",
		server.started(peer, false):                                        "([::1]:5684): starting a handshake",
		server.shutdown(peer):                                              "([::1]:5684): The DTLS connection has been shutdown",
		server.stray(peer):                                                 "([::1]:5684): 0 byte dgram, could be a re-connect attempt?",
		server.listening("[::1]:5684"):                                     "Server is listening on address ::1 and port 5684",
		server.listening("/run/socket"):                                    "Server is listening on /run/socket",
		server.sockets(udp.Report{Batch: 64}):                              "Sockets: batches of 64",
		server.overflow("sysctl -w a=1"):                                   "Datagrams were lost: the socket's buffer is too small; as root: sysctl -w a=1, then start the server again",
		server.socket(errors.New("E")):                                     "Failed to read a datagram: E",
		server.closed(peer, ErrIdleTimeout):                                "([::1]:5684): idle for too long",
		server.retransmitted(peer, 2):                                      "([::1]:5684): handshake timeout, re-transmission 2",
		server.notSent(peer, errors.New("E")):                              "([::1]:5684): Failed to send a datagram: E",
		server.suppressed(7):                                               "7 more not shown",
		client.shutdown(peer):                                              "client: shutdown alert received",
		client.stray(peer):                                                 "client: zero-length datagram received?",
		client.empty():                                                     "client: spurious read notification?",
		client.failed(peer, ErrNoPSK):                                      "client: handshake error - no pre-shared key for this server",
		client.retransmitted(peer, 1):                                      "client: handshake timeout, trying to re-transmit",
		newVoice(engine.Client, "\x1b[0m").empty():                         `\x1b[0m: spurious read notification?`,
		server.unknownIdentity(peer, []byte("a\nb")):                       `([::1]:5684): there is no key for identity 'a\x0ab'`,
		server.identity([]byte("Ünïcode ✓ \u200b")):                        `PSK callback, received a client's identity: 'Ünïcode ✓ \xe2\x80\x8b'`,
		server.failed(peer, &CertificateError{errors.New("name \x1b[2J")}): `([::1]:5684): Error during SSL handshake: certificate not trusted: name \x1b[2J`,
		server.lookupFailed(peer, "x", ErrQueueFull):                       "([::1]:5684): x failed: send queue full",
		server.alert(peer, "fatal handshake_failure"):                      "([::1]:5684): received the alert 'fatal handshake_failure', which anyone may have sent: still waiting",
		server.moved(peer, clientPeer, true):                               "peer [::1]:5684 is now at 198.51.100.7:40000, it has passed the return routability check",
		server.moved(peer, clientPeer, false):                              "peer [::1]:5684 is now at 198.51.100.7:40000, without a return routability check",
		server.notMoved(peer, clientPeer, true):                            "peer [::1]:5684 seemed to be at 198.51.100.7:40000, but nobody answered there: its address stays",
		client.moved(peer, clientPeer, true):                               "client: peer [::1]:5684 is now at 198.51.100.7:40000, it has passed the return routability check",
	} {
		if got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
