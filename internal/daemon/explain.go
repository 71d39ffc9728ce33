package daemon

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

// withoutPrefix is an error of the library as the text of a program that has
// its name already.
type withoutPrefix struct{ error }

func (e withoutPrefix) Error() string { return strings.TrimPrefix(e.error.Error(), "dtls: ") }
func (e withoutPrefix) Unwrap() error { return e.error }

// explain says what to do about a session that did not come about.
func (c *client) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return runFault("", "interrupted during the handshake")
	}
	return &Fault{Err: withoutPrefix{unadvised(err)}, Hint: c.advice(err)}
}

// unadvised returns err without what the library has to say to programmers.
func unadvised(err error) error {
	var alert *dtls.AlertError
	if !errors.As(err, &alert) {
		return err
	}
	return reworded{err, (&dtls.AlertError{Alert: alert.Alert}).Error()}
}

func (c *client) advice(err error) string {
	var (
		lookup      *net.DNSError
		unreachable *dtls.UnreachableError
		certificate *dtls.CertificateError
		alert       *dtls.AlertError
	)
	switch {
	case c.echoed.Load():
		return "that is not a DTLS server: it sends back what it receives"
	case errors.As(err, &lookup):
		return "check the name, or give the address in digits"
	case errors.As(err, &unreachable):
		return "nothing listens on that address and port, or a firewall rejects it"
	case errors.As(err, &certificate):
		return "--ca FILE names the authority that signed it, --server-name the name to expect in it; --insecure accepts any, for tests"
	case errors.Is(err, dtls.ErrWrongKey):
		return "compare identity and key with the server's: dtlsd serve prints the identity that it receives"
	case errors.As(err, &alert):
		return c.adviceOnAlert(alert.Alert)
	case errors.Is(err, dtls.ErrNoPSK):
		return "give --psk IDENTITY:HEXKEY, or --psk-file FILE"
	case errors.Is(err, dtls.ErrHandshakeTimeout) && c.answered.Load():
		return "the server answered, but not to the end: the network loses datagrams, or the server does not like our credential; --timeout waits longer, -v shows every step"
	case errors.Is(err, dtls.ErrHandshakeTimeout):
		return "is that the address and port of a DTLS server, and does a firewall let UDP through? --timeout waits longer, -v shows every step"
	}
	return ""
}

// Alerts with which servers refuse a handshake: RFC 5246, Section 7.2, RFC
// 4279, Section 3, and RFC 7301, Section 3.2.
const (
	alertHandshakeFailure  = 40
	alertBadCertificate    = 42
	alertUnknownCA         = 48
	alertDecryptError      = 51
	alertProtocolVersion   = 70
	alertMissingExtension  = 109 // RFC 8446, Section 6.2
	alertUnknownPSK        = 115
	alertCertRequired      = 116 // RFC 8446, Section 6.2
	alertNoApplicationProt = 120
)

func (c *client) adviceOnAlert(alert uint8) string {
	if alert == alertMissingExtension { // no key that the server takes, and nothing for certificates
		alert = alertHandshakeFailure
	}
	switch {
	case alert == alertProtocolVersion:
		return "the server speaks another version: compare --dtls"
	case alert == alertCertRequired:
		return "the server wants a certificate of ours: --cert and --key"
	case alert == alertHandshakeFailure && !c.settings.hasPSK():
		return "the server has nothing in common with us: does it want a pre-shared key (--psk) or a certificate (--cert, --key)? compare --ciphers and --groups, too"
	case alert == alertHandshakeFailure:
		return "the server has nothing in common with us: compare --ciphers and --groups, and whether it has pre-shared keys at all"
	case alert >= alertBadCertificate && alert <= alertUnknownCA && c.settings.Cert != "":
		return "the server does not accept the certificate of --cert"
	case alert == alertUnknownPSK, alert == alertDecryptError:
		return "compare identity and key with the server's"
	case alert == alertNoApplicationProt:
		return "the server speaks none of the protocols of --alpn"
	}
	return ""
}
