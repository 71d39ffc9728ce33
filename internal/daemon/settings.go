package daemon

import (
	"bytes"
	"encoding"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/dtlsd/dtlsd/dtls"
)

// ServeSettings is what dtlsd serve can be told, on its command line or, under
// the same names, in a TOML file.
type ServeSettings struct {
	Listen []string `toml:"listen"`

	PSK            []string `toml:"psk"`
	PSKFile        string   `toml:"psk-file"`
	PSKFileAnyMode bool     `toml:"psk-file-any-mode"`
	PSKHint        string   `toml:"psk-hint"`
	Cert           string   `toml:"cert"`
	Key            string   `toml:"key"`
	SelfSigned     bool     `toml:"self-signed"`
	ClientCA       string   `toml:"client-ca"`

	Reply       Reply     `toml:"reply"`
	DTLS        Versions  `toml:"dtls"`
	Ciphers     string    `toml:"ciphers"`
	Groups      string    `toml:"groups"`
	ALPN        []string  `toml:"alpn"`
	MTU         int       `toml:"mtu"`
	IdleTimeout Duration  `toml:"idle-timeout"`
	CID         CIDLength `toml:"cid"`
	Shards      int       `toml:"shards"`
	KeyLog      string    `toml:"keylog"`

	Console         string   `toml:"console"`
	ConsoleHosts    []string `toml:"console-host"`
	ConsoleCert     string   `toml:"console-cert"`
	ConsoleKey      string   `toml:"console-key"`
	ConsoleState    string   `toml:"console-state"`
	ConsolePayloads Payloads `toml:"console-payloads"`
	ConsoleCaptures bool     `toml:"console-captures"`
	ConsoleProfiles bool     `toml:"console-profiles"`

	Datagrams     Detail    `toml:"datagrams"`
	DatagramRate  int       `toml:"datagram-rate"`
	DatagramBytes int       `toml:"datagram-bytes"`
	LogFormat     LogFormat `toml:"log-format"`
	LogLevel      Level     `toml:"log-level"`
}

// DefaultConsole is the address of the console of those who name none, and
// ConsoleOff stands for none.
const (
	DefaultConsole = "127.0.0.1:8080"
	ConsoleOff     = "off"
)

// DefaultServeSettings returns what dtlsd serve does without being told.
func DefaultServeSettings() ServeSettings {
	return ServeSettings{
		Reply:           ReplyACK,
		DTLS:            BothVersions,
		Console:         DefaultConsole,
		ConsolePayloads: PayloadsFull,
		IdleTimeout:     Duration{dtls.DefaultIdleTimeout},
		CID:             dtls.DefaultConnectionIDLength,
		Datagrams:       DetailFull,
		DatagramRate:    100,
		DatagramBytes:   2048,
		LogFormat:       FormatText,
		LogLevel:        LevelInfo,
	}
}

// Load reads a TOML file; what it does not mention stays as it is in s. A file
// with keys in it must be its owner's only, as a PSK file must.
func (s *ServeSettings) Load(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if err != nil {
		return unreadable(err)
	}
	decoder := toml.NewDecoder(bytes.NewReader(content)).DisallowUnknownFields()
	if err := decoder.Decode(s); err != nil {
		return misread(name, err)
	}
	if err := s.checkWords(); err != nil {
		return faultAt(name, err)
	}
	if len(s.PSK) > 0 {
		return checkOwnerOnly(f, s.PSKFileAnyMode)
	}
	return nil
}

// misread says where in the file the decoder stumbled.
func misread(name string, err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		e := &unknown.Errors[0]
		line, column := e.Position()
		return usageFault("settings have the names of the flags: dtlsd serve --help lists them",
			"%s:%d:%d: there is no setting %q", name, line, column, strings.Join(e.Key(), "."))
	}
	var e *toml.DecodeError
	if errors.As(err, &e) {
		line, column := e.Position()
		return usageFault("dtlsd serve --help says what is possible", "%s:%d:%d: %s", name, line, column, mistyped(e))
	}
	return usageFault("", "%s: %w", name, err)
}

// checkWords asks each choice whether it is one: the decoder of TOML does not.
func (s *ServeSettings) checkWords() error {
	words := []struct {
		name   string
		choice encoding.TextUnmarshaler
		text   string
	}{
		{"reply", &s.Reply, string(s.Reply)},
		{"dtls", &s.DTLS, string(s.DTLS)},
		{"datagrams", &s.Datagrams, string(s.Datagrams)},
		{"log-format", &s.LogFormat, string(s.LogFormat)},
		{"log-level", &s.LogLevel, string(s.LogLevel)},
		{"console-payloads", &s.ConsolePayloads, string(s.ConsolePayloads)},
	}
	for _, w := range words {
		if err := w.choice.UnmarshalText([]byte(w.text)); err != nil {
			return usageFault("", "%s: %w", w.name, err)
		}
	}
	return nil
}

// Validate finds what cannot be meant.
func (s *ServeSettings) Validate() error {
	for _, a := range s.Listen {
		if _, err := parseAddress(a); err != nil {
			return err
		}
	}
	switch {
	case (s.Cert == "") != (s.Key == ""):
		return usageFault("a certificate needs its private key, in the same or in another file", "--cert and --key go together")
	case s.SelfSigned && s.Cert != "":
		return usageFault("", "--self-signed and --cert exclude each other")
	case s.ClientCA != "" && s.Cert == "" && !s.SelfSigned:
		return usageFault("add --cert and --key, or --self-signed", "--client-ca asks clients for certificates, which a server can do only with one of its own")
	case (s.ConsoleCert == "") != (s.ConsoleKey == ""):
		return usageFault("a certificate needs its private key, in the same or in another file", "--console-cert and --console-key go together")
	case !possibleMTU(s.MTU):
		return usageFault("", "--mtu has to be between %d and %d", minMTU, maxMTU)
	case s.Shards < 0 || s.Shards > dtls.MaxShards:
		return usageFault("0 stands for as many as there are processors", "--shards has to be between 0 and %d", dtls.MaxShards)
	case s.DatagramRate < 0 || s.DatagramBytes < 0:
		return usageFault("", "--datagram-rate and --datagram-bytes cannot be negative")
	}
	return nil
}

// Bounds of the largest datagram of a handshake, in bytes.
const (
	minMTU = 256
	maxMTU = 65535
)

// possibleMTU tells whether n can be one; 0 leaves it to the library.
func possibleMTU(n int) bool { return n == 0 || minMTU <= n && n <= maxMTU }

func (s *ServeSettings) limits() DatagramLimits {
	return DatagramLimits{Detail: s.Datagrams, Rate: s.DatagramRate, Bytes: s.DatagramBytes}
}
