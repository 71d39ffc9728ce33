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
		Name: name,
		Log: func(e dtls.Entry) {
			if l := lineOf(e); l.Level >= least && e.Kind != dtls.KindKeyLog { // which is warned of with its name
				tell(l)
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
	if e.Err != nil {
		l.Attrs = append(l.Attrs, slog.String("error", Escape([]byte(e.Err.Error()))))
	}
	return l
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
