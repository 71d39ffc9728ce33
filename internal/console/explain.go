package console

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// What a trace says to a person with a device that will not connect: what
// happened, and where it can be known, what to look at.

// withoutPeer returns the text of a line without the address that it begins
// with.
func withoutPeer(e dtls.Entry) string { return strings.TrimPrefix(e.Text, "("+e.Peer.String()+"): ") }

// missingCredential explains a look-up that brought nothing.
func (tr *trace) missingCredential(e dtls.Entry) string {
	if errors.Is(e.Err, dtls.ErrUnknownIdentity) {
		return tr.unknown()
	}
	return withoutPeer(e)
}

func (tr *trace) unknown() string {
	return fmt.Sprintf("identity %q is unknown: the server has no key for it", tr.identity)
}

// wrongKey explains a Finished that cannot be decrypted. That the identity is
// unknown was told before.
func (tr *trace) wrongKey() string {
	if tr.unknownIdentity {
		return tr.unknown()
	}
	return fmt.Sprintf("identity %q is known, its key does not match", tr.identity)
}

// failure explains why a handshake failed.
func (tr *trace) failure(err error) string {
	var (
		alert       *dtls.AlertError
		certificate *dtls.CertificateError
	)
	switch {
	case errors.As(err, &alert):
		return refusedByClient(wire.AlertDescription(alert.Alert).String())
	case errors.As(err, &certificate):
		return "the client's certificate is not trusted: " + certificate.Err.Error()
	case errors.Is(err, dtls.ErrHandshakeTimeout):
		return tr.silence(err)
	case errors.Is(err, dtls.ErrWrongKey):
		return tr.wrongKey()
	case errors.Is(err, dtls.ErrReplaced):
		return "the client began again from the same address and port before this handshake was complete"
	case errors.Is(err, dtls.ErrPeerClosed):
		return "the client said goodbye before the handshake was complete"
	case err == nil:
		return "the handshake failed"
	default:
		return plain(err)
	}
}

// silence explains a handshake that the client no longer took part in.
func (tr *trace) silence(err error) string {
	text := "handshake timed out"
	if _, awaited, ok := strings.Cut(plain(err), ": await "); ok {
		text = "the client fell silent: its " + awaited + " was awaited and never came"
	}
	if tr.repeated > 0 {
		text += fmt.Sprintf(", though the server sent its flight again %s", times(tr.repeated))
	}
	return text
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// plain returns the text of an error without the prefix that belongs into those
// of others.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "dtls: ") }

// refusedByClient explains a fatal alert of the client.
func refusedByClient(alert string) string {
	text := "the client refused with the alert " + alert
	if advice := alertAdvice(alert); advice != "" {
		text += ": " + advice
	}
	return text
}

// refusedHello explains a ClientHello that the server answered with an alert, and
// kept nothing of.
func refusedHello(err error) string { return "the server refused the hello: " + plain(err) }

// dropAdvice returns what drops for a reason mostly mean, where the reason alone
// says little.
func dropAdvice(reason dtls.DropReason) string {
	switch reason {
	case wire.DropRefusedHello:
		return "client and server have no version, cipher suite or group in common"
	case wire.DropBadCookie:
		return "the cookie is too old, or was made for another address: the client may have moved, or the server was started anew"
	case wire.DropUnknownCID:
		return "no session has this connection ID: it is over, or of a server that was started anew"
	case wire.DropMissingCID:
		return "the peer left out the connection ID that was agreed on"
	case wire.DropEarlyData:
		return "the client sent data before the handshake, which this server does not take"
	case wire.DropForgeryLimit:
		return "so many forged records came that nothing more is opened with these keys: the peer has to update them"
	case wire.DropUnprovenAddress:
		return "the peer seems to have moved, and has not shown yet that it receives what is sent there"
	default:
		return ""
	}
}

// alertAdvice returns what an alert of a client mostly means.
func alertAdvice(alert string) string {
	switch alert {
	case "unknown_ca", "bad_certificate", "certificate_unknown", "certificate_expired", "certificate_revoked", "unsupported_certificate":
		return "it does not trust the server's certificate"
	case "unknown_psk_identity":
		return "it has no key for this server"
	case "bad_record_mac", "decrypt_error":
		return "the keys of the two sides probably differ"
	case "protocol_version":
		return "it does not speak the version that the server chose"
	case "handshake_failure", "illegal_parameter", "unsupported_extension":
		return "it does not accept what the server chose"
	default:
		return ""
	}
}

// isRefusal tells the reasons for which a ClientHello that can be read is
// dropped.
func isRefusal(reason dtls.DropReason) bool { return refusal(reason) != "" }

// refusal explains why a ClientHello begins no session.
func refusal(reason dtls.DropReason) string {
	switch reason {
	case wire.DropNotListening:
		return "the server accepts no new sessions (not_listening)"
	case wire.DropHalfOpenLimit:
		return "the server refused the client: too many handshakes are in progress (half_open_limit)"
	case wire.DropSessionLimit:
		return "the server refused the client: there are too many sessions (session_limit)"
	case wire.DropRateLimited:
		return "the server refused the client: too many handshakes begin in its network (rate_limited)"
	case wire.DropAnswerLimit:
		return "the server did not answer: more hellos come than it asks for cookies (answer_limit); the client will try again"
	case wire.DropRefusedHello:
		return "the server refused the hello: no version, cipher suite or group in common (refused_hello)"
	case wire.DropBadCookie:
		return "the server refused the hello: its cookie is not the server's (bad_cookie); did the client move, or was the server started anew?"
	default:
		return ""
	}
}

// garbage explains what comes from an address that begins no handshake, by the
// reason for which most of it was dropped.
func garbage(drops *[dtls.NumDrops]uint32) string {
	most := wire.DropNone
	for reason, n := range drops {
		if n > drops[most] {
			most = dtls.DropReason(reason)
		}
	}
	seen, question := sender(most)
	return fmt.Sprintf("%s come from this address (reason %v, %d of them)%s", seen, most, drops[most], question)
}

// sender says what drops for a reason tell of a sender that has no session.
func sender(reason dtls.DropReason) (seen, question string) {
	const another = "; is another protocol sent to this port?"
	switch reason {
	case wire.DropMalformedRecord, wire.DropTruncatedDatagram:
		return "datagrams that are no DTLS", another
	case wire.DropEmptyDatagram:
		return "datagrams without a byte", another
	case wire.DropUnsupportedVersion:
		return "records of something else than DTLS", another
	case wire.DropUnknownPeer:
		return "records that neither begin a handshake nor belong to a session",
			"; is another protocol sent to this port, or does the client use a session that is over?"
	case wire.DropMalformedHello:
		return "ClientHellos that cannot be parsed", another
	case wire.DropUnknownCID:
		return "records with a connection ID that no session has", "; does the client use a session that is over?"
	case wire.DropReplyTooLong:
		return "ClientHellos too short to be answered", ""
	case wire.DropReassemblyLimit:
		return "ClientHellos too long to be put together", ""
	default:
		return "", ""
	}
}

// isTelling reports whether drops for a reason tell something of a sender that
// has no session.
func isTelling(reason dtls.DropReason) bool {
	seen, _ := sender(reason)
	return seen != "" || isRefusal(reason)
}
