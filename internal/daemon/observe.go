package daemon

import (
	"fmt"
	"log/slog"

	"github.com/dtlsd/dtlsd/dtls"
)

// observer returns what makes a host of sessions tell a person what happens.
// Nothing but lines of level and above are told, and details only at debug.
func observer(name string, level Level, tell func(Line)) *dtls.Observer {
	least := level.slog()
	o := &dtls.Observer{
		Name:     name,
		LogLevel: level.least(),
		Log: func(e dtls.Entry) {
			if e.Kind == dtls.KindKeyLog { // which is warned of with its name
				return
			}
			if levelOf(e.Level) < least {
				return
			}
			tell(lineOf(e))
			if name == "" && e.State != nil {
				tellOfClient(e, tell)
			}
		},
	}
	if level == LevelDebug {
		o.Handshake = func(e dtls.HandshakeEvent) {
			if text := handshakeText(e); text != "" {
				tell(Line{Time: e.Time, Level: slog.LevelDebug, Peer: e.Peer, Text: text})
			}
		}
		o.Drop = func(d dtls.Drop) {
			tell(Line{Time: d.Time, Level: slog.LevelDebug, Peer: d.Peer, Text: fmt.Sprintf("%sdropped: %v", prefix(d.Peer), d.Reason)})
		}
	}
	return o
}

func lineOf(e dtls.Entry) Line {
	l := Line{Time: e.Time, Level: levelOf(e.Level), Peer: e.Peer, Text: e.Text}
	l.Attrs = append(l.Attrs, slog.String("kind", string(e.Kind)))
	if e.Identity != nil {
		l.Attrs = append(l.Attrs, slog.String("identity", dtls.Escape(string(e.Identity))))
	}
	if e.Err != nil {
		l.Attrs = append(l.Attrs, slog.String("error", dtls.Escape(e.Err.Error())))
	}
	if e.State != nil {
		l.Attrs = append(l.Attrs, stateAttrs(e.State)...)
	}
	l.Alert = e.Kind == dtls.KindShutdown // crimson in Qt's example
	return l
}

// stateAttrs are what was agreed on, and with whom.
func stateAttrs(state *dtls.ConnectionState) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("cipher", state.CipherSuite.OpenSSLName),
		slog.String("version", dtls.VersionName(state.Version)),
		slog.Bool("resumed", state.DidResume),
	}
	if state.Group != 0 {
		attrs = append(attrs, slog.String("group", groupName(state.Group)))
	}
	if state.HelloRetryRequest {
		attrs = append(attrs, slog.Bool("retried", true))
	}
	if state.PSKIdentity != nil {
		attrs = append(attrs, slog.String("identity", dtls.Escape(string(state.PSKIdentity))))
	}
	if len(state.PeerCertificates) > 0 {
		attrs = append(attrs, slog.String("subject", dtls.Escape(state.PeerCertificates[0].Subject.String())))
	}
	return attrs
}

// tellOfClient says of a new session who it is with, as far as other lines do
// not.
func tellOfClient(e dtls.Entry, tell func(Line)) {
	line := func(text string) {
		tell(Line{Time: e.Time, Level: slog.LevelInfo, Peer: e.Peer, Text: prefix(e.Peer) + text,
			Attrs: []slog.Attr{slog.String("kind", "client")}})
	}
	if e.State.DidResume && e.State.PSKIdentity != nil {
		line("session resumed, identity '" + string(e.State.PSKIdentity) + "'")
	} else if e.State.DidResume {
		line("session resumed")
	}
	if certificates := e.State.PeerCertificates; len(certificates) > 0 {
		line("client certificate " + certificates[0].Subject.String())
	}
}

func levelOf(l dtls.Level) slog.Level {
	switch l {
	case dtls.Error:
		return slog.LevelError
	case dtls.Warning:
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// handshakeText is a handshake message in one line. Alerts and repeated
// flights have lines of their own.
func handshakeText(e dtls.HandshakeEvent) string {
	if e.Message == "" {
		return ""
	}
	verb := "received"
	if e.Sent {
		verb = "sent"
	}
	return fmt.Sprintf("%s%s %s, message %d, %d bytes", prefix(e.Peer), verb, e.Message, e.Seq, e.Length)
}
