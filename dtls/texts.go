package dtls

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A voice words the lines of the log. The texts are those of Qt's examples
// secureudpserver and secureudpclient wherever these have one, so that people
// who know them find their way: a server speaks of its peers by address, a
// client of itself by name.
type voice struct {
	side engine.Side
	name string // of a client
}

func newVoice(side engine.Side, name string) voice {
	if name == "" {
		name = "client"
	}
	return voice{side, Escape(name)}
}

// subject is what a line is about.
func (v voice) subject(peer netip.AddrPort) string {
	if v.side == engine.Client {
		return v.name + ": "
	}
	return "(" + peer.String() + "): "
}

// choose returns the text of the side that speaks.
func (v voice) choose(server, client string) string {
	if v.side == engine.Client {
		return client
	}
	return server
}

func (v voice) listening(address string) string {
	local, err := netip.ParseAddrPort(address)
	if err != nil {
		return "Server is listening on " + address
	}
	return fmt.Sprintf("Server is listening on address %v and port %d", local.Addr(), local.Port())
}

func (v voice) sockets(r udp.Report) string { return "Sockets: " + r.String() }

// overflow is about datagrams that are lost because the kernel gave a socket a
// smaller buffer than we asked for.
func (v voice) overflow(hint string) string {
	return "Datagrams were lost: the socket's buffer is too small; as root: " + hint + ", then start the server again"
}

func (v voice) notAccepting() string { return "Server is not accepting new connections" }

func (v voice) unverified(peer netip.AddrPort) string {
	return v.subject(peer) + "not verified yet"
}

// refused is about a hello for which nothing was kept.
func (v voice) refused(peer netip.AddrPort, err error) string {
	return v.subject(peer) + "hello refused: " + shown(err)
}

// keyUpdate is about new keys of one direction.
func (v voice) keyUpdate(peer netip.AddrPort, sent bool) string {
	if sent {
		return v.subject(peer) + "new keys are in use for what we send"
	}
	return v.subject(peer) + "new keys are in use for what the peer sends"
}

func (v voice) started(peer netip.AddrPort, verified bool) string {
	if v.side == engine.Server && verified {
		return v.subject(peer) + "verified, starting a handshake"
	}
	return v.subject(peer) + "starting a handshake"
}

func (v voice) progress(peer netip.AddrPort) string {
	return v.subject(peer) + v.choose("handshake is in progress ...", "continuing with handshake ...")
}

func (v voice) identity(identity []byte) string {
	if v.side == engine.Client {
		return v.name + ": providing pre-shared key ..."
	}
	return "PSK callback, received a client's identity: '" + Escape(string(identity)) + "'"
}

func (v voice) established(peer netip.AddrPort, state *ConnectionState) string {
	if v.side == engine.Client {
		return v.name + ": encrypted connection established!"
	}
	text := fmt.Sprintf("Connection with (%v) encrypted. Session cipher: %s; session protocol: %s",
		peer, state.CipherSuite.OpenSSLName, VersionName(state.Version))
	if state.Version == VersionDTLS13 && state.Group != 0 { // which Qt does not know, and the cipher does not tell
		text += "; key agreement: " + wire.Group(state.Group).String()
	}
	return text + "."
}

func (v voice) shutdown(peer netip.AddrPort) string {
	return v.subject(peer) + v.choose("The DTLS connection has been shutdown", "shutdown alert received")
}

func (v voice) closed(peer netip.AddrPort, reason error) string {
	return v.subject(peer) + shown(reason)
}

func (v voice) failed(peer netip.AddrPort, reason error) string {
	return v.subject(peer) + v.choose("Error during SSL handshake: ", "handshake error - ") + shown(reason)
}

func (v voice) moved(from, to netip.AddrPort, checked bool) string {
	how := "it has passed the return routability check"
	if !checked {
		how = "without a return routability check"
	}
	return fmt.Sprintf("%speer %v is now at %v, %s", v.client(), from, to, how)
}

// notMoved is about a check that ended with the peer where it was.
func (v voice) notMoved(peer, candidate netip.AddrPort, silent bool) string {
	why := "the peer answered from where it was"
	if silent {
		why = "nobody answered there"
	}
	return fmt.Sprintf("%speer %v seemed to be at %v, but %s: its address stays", v.client(), peer, candidate, why)
}

// client is the name of a client, which its lines begin with.
func (v voice) client() string { return v.choose("", v.name+": ") }

func (v voice) stray(peer netip.AddrPort) string {
	return v.subject(peer) + v.choose("0 byte dgram, could be a re-connect attempt?", "zero-length datagram received?")
}

func (v voice) empty() string {
	return v.choose("A spurious read notification", v.name+": spurious read notification?")
}

func (v voice) socket(err error) string {
	return v.choose("", v.name+": ") + "Failed to read a datagram: " + err.Error()
}

func (v voice) unsteered(err error) string {
	return "Datagrams of clients that have moved are handed over from shard to shard, because the kernel refuses to look for their connection IDs: " + err.Error()
}

func (v voice) notSent(peer netip.AddrPort, err error) string {
	return v.subject(peer) + "Failed to send a datagram: " + err.Error()
}

func (v voice) unreachable(peer netip.AddrPort, err error) string {
	return v.subject(peer) + plain(err)
}

func (v voice) retransmitted(peer netip.AddrPort, attempt int) string {
	if v.side == engine.Client {
		return v.name + ": handshake timeout, trying to re-transmit"
	}
	return fmt.Sprintf("%shandshake timeout, re-transmission %d", v.subject(peer), attempt)
}

// lastFlightLost is about a peer that repeats its Finished, so that it cannot
// have ours.
func (v voice) lastFlightLost(peer netip.AddrPort) string {
	return v.subject(peer) + "the last flight of the handshake was lost on its way to the peer: re-transmission"
}

// unacknowledged is about what follows a handshake of DTLS 1.3, or ends it.
func (v voice) unacknowledged(peer netip.AddrPort) string {
	return v.subject(peer) + "a handshake message was not acknowledged: re-transmission"
}

// alert is about an alert during a handshake, which cannot be authenticated.
func (v voice) alert(peer netip.AddrPort, alert string) string {
	return v.subject(peer) + "received the alert '" + alert + "', which anyone may have sent: still waiting"
}

func (v voice) wrongKey(peer netip.AddrPort, identity []byte, known bool) string {
	if v.side == engine.Client {
		return v.name + ": the server answered but never accepted our Finished: the key is probably wrong"
	}
	return v.subject(peer) + "the peer's Finished cannot be decrypted: " + aboutKey(identity, known)
}

// timedOutForKey is about the end of a handshake of which that was told before.
func (v voice) timedOutForKey(peer netip.AddrPort, identity []byte, known bool) string {
	return v.subject(peer) + "Error during SSL handshake: handshake timed out: " + aboutKey(identity, known)
}

// failedForKey is about a client that proved to have another key.
func (v voice) failedForKey(peer netip.AddrPort, identity []byte, known bool) string {
	return v.subject(peer) + "Error during SSL handshake: " + aboutKey(identity, known)
}

// aboutKey says what a server knows of a key with which nothing can be decrypted.
func aboutKey(identity []byte, known bool) string {
	if known {
		return "identity '" + Escape(string(identity)) + "' is known, its key does not match"
	}
	return "identity '" + Escape(string(identity)) + "' is unknown"
}

// unanswered is about a client that was sent a cookie and fell silent.
func (v voice) unanswered(peer netip.AddrPort) string {
	return v.subject(peer) + "the client never answered the cookie: probably a firewall or a spoofed source"
}

func (v voice) unknownIdentity(peer netip.AddrPort, identity []byte) string {
	return fmt.Sprintf("%sthere is no key for identity '%s'", v.subject(peer), Escape(string(identity)))
}

func (v voice) staleTicket(peer netip.AddrPort) string {
	return v.subject(peer) + "the client's ticket is not known here, or has expired"
}

func (v voice) lookupFailed(peer netip.AddrPort, what string, err error) string {
	return fmt.Sprintf("%s%s failed: %s", v.subject(peer), what, shown(err))
}

func (v voice) keyLog() string {
	return "session secrets are being written to the key log: whoever reads it can decrypt everything"
}

func (v voice) suppressed(n int) string { return strconv.Itoa(n) + " more not shown" }

// maxReason is how much of a reason a line has, in bytes. Reasons quote what peers
// send, such as the names in a certificate, which may be very long.
const maxReason = 1024

// shown returns the text of an error for a line of the log.
func shown(err error) string {
	text := plain(err)
	if len(text) <= maxReason {
		return Escape(text)
	}
	return Escape(strings.ToValidUTF8(text[:maxReason], "")) + " ..."
}

// plain returns the text of an error for a log, without the prefix that belongs
// into those of others, and without what helps only who wrote the program.
func plain(err error) string {
	if alert, ok := err.(*AlertError); ok {
		err = &AlertError{Alert: alert.Alert, wrongKey: alert.wrongKey}
	}
	return strings.TrimPrefix(err.Error(), "dtls: ")
}
