package daemon

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// Settings that are one word of a few. On the command line and in the
// configuration file they are read by the same methods.

// Detail is how much of a datagram is shown.
type Detail string

const (
	DetailFull Detail = "full" // ciphertext in hex, and plaintext
	DetailMeta Detail = "meta" // peer and sizes
	DetailOff  Detail = "off"
)

// Payloads is how much of datagrams the console shows.
type Payloads string

const (
	PayloadsFull Payloads = "full" // ciphertext and plaintext
	PayloadsMeta Payloads = "meta" // sizes
)

// A Reply is what the server answers to a datagram.
type Reply string

const (
	ReplyACK  Reply = "ack"  // to (ADDR:PORT): ACK
	ReplyEcho Reply = "echo" // the datagram itself
	ReplyNone Reply = "none"
)

// A LogFormat is for people or for programs.
type LogFormat string

const (
	FormatText LogFormat = "text"
	FormatJSON LogFormat = "json"
)

// A Level is the least important information that is shown.
type Level string

const (
	LevelDebug Level = "debug"
	LevelInfo  Level = "info"
	LevelWarn  Level = "warn"
	LevelError Level = "error"
)

// slog returns the level in the terms of log/slog.
func (l Level) slog() slog.Level {
	switch l {
	case LevelDebug:
		return slog.LevelDebug
	case LevelWarn:
		return slog.LevelWarn
	case LevelError:
		return slog.LevelError
	}
	return slog.LevelInfo
}

// least returns the least level of the lines that are told of in package dtls,
// which has no details.
func (l Level) least() dtls.Level {
	switch l {
	case LevelWarn:
		return dtls.Warning
	case LevelError:
		return dtls.Error
	}
	return dtls.Info
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Detail) UnmarshalText(text []byte) error {
	return choose(d, text, DetailFull, DetailMeta, DetailOff)
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *Payloads) UnmarshalText(text []byte) error {
	return choose(p, text, PayloadsFull, PayloadsMeta)
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Reply) UnmarshalText(text []byte) error {
	return choose(r, text, ReplyACK, ReplyEcho, ReplyNone)
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (f *LogFormat) UnmarshalText(text []byte) error {
	return choose(f, text, FormatText, FormatJSON)
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *Level) UnmarshalText(text []byte) error {
	return choose(l, text, LevelDebug, LevelInfo, LevelWarn, LevelError)
}

// MarshalText implements [encoding.TextMarshaler].
func (d Detail) MarshalText() ([]byte, error) { return []byte(d), nil }

// MarshalText implements [encoding.TextMarshaler].
func (p Payloads) MarshalText() ([]byte, error) { return []byte(p), nil }

// MarshalText implements [encoding.TextMarshaler].
func (r Reply) MarshalText() ([]byte, error) { return []byte(r), nil }

// MarshalText implements [encoding.TextMarshaler].
func (f LogFormat) MarshalText() ([]byte, error) { return []byte(f), nil }

// MarshalText implements [encoding.TextMarshaler].
func (l Level) MarshalText() ([]byte, error) { return []byte(l), nil }

// choose sets to to the choice that text names.
func choose[T ~string](to *T, text []byte, choices ...T) error {
	if i := slices.Index(choices, T(text)); i >= 0 {
		*to = choices[i]
		return nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	return fmt.Errorf("%q is not one of %s", text, strings.Join(names, ", "))
}

// A Duration is a time.Duration that is written as text: 30s, 5m, 1h30m.
type Duration struct{ time.Duration }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 30s, 5m or 1h30m", text)
	}
	d.Duration = v
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
