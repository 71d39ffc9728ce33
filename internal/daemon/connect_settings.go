package daemon

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// ConnectSettings is what dtlsd connect can be told.
type ConnectSettings struct {
	Address string // HOST:PORT

	PSK        string // identity:key
	PSKFile    string // a file with one such line
	CA         string // file of the authorities to believe; those of the system if empty
	Insecure   bool   // believe any certificate
	ServerName string // expected in the certificate; the host if empty
	Cert, Key  string // files of our own certificate

	Ping     int           // how many; 0 for none
	Interval time.Duration // between pings
	Message  *string       // the one datagram to send; nil for none

	DTLS    Versions
	Ciphers string
	Groups  string
	ALPN    []string
	MTU     int           // bytes of UDP payload
	Timeout time.Duration // of the handshake
	CID     bool          // ask for connection IDs
	Resume  string        // a file of sessions to resume; none if empty
	KeyLog  string

	Verbose   bool
	LogFormat LogFormat
}

// DefaultConnectSettings returns what dtlsd connect does without being told.
func DefaultConnectSettings() ConnectSettings {
	return ConnectSettings{
		DTLS:      BothVersions,
		Interval:  5 * time.Second, // as Qt's example client
		Timeout:   15 * time.Second,
		LogFormat: FormatText,
	}
}

// Validate finds what cannot be meant.
func (s *ConnectSettings) Validate() error {
	if err := checkAddress(s.Address, "write HOST:PORT, such as 127.0.0.1:22334 or [::1]:22334", "ports end at 65535"); err != nil {
		return err
	}
	switch {
	case s.PSK != "" && s.PSKFile != "":
		return usageFault("", "--psk and --psk-file exclude each other")
	case s.CA != "" && s.Insecure:
		return usageFault("", "--ca and --insecure exclude each other")
	case (s.Cert == "") != (s.Key == ""):
		return usageFault("", "--cert and --key go together")
	case s.Ping < 0:
		return usageFault("", "--ping wants at least 1")
	case s.Ping > 0 && s.Message != nil:
		return usageFault("", "--ping and --message exclude each other")
	case !possibleMTU(s.MTU):
		return usageFault("", "--mtu has to be between %d and %d", minMTU, maxMTU)
	case s.Interval <= 0 || s.Timeout <= 0:
		return usageFault("", "--interval and --timeout must be longer than nothing")
	}
	return nil
}

// Config returns what the settings mean to the library, for clients that are not
// those of [Connect]. The error is a [*Fault].
func (s *ConnectSettings) Config() (*dtls.Config, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	config, _, err := s.config()
	if err != nil {
		return nil, err
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(s.Address)
	}
	if err := config.ValidateClient(); err != nil {
		return nil, configFault(err)
	}
	return config, nil
}

// config returns what the settings mean to the library, and the name by which
// the client calls itself.
func (s *ConnectSettings) config() (config *dtls.Config, name string, err error) {
	c := &dtls.Config{
		ServerName:         s.ServerName,
		InsecureSkipVerify: s.Insecure,
		NextProtos:         s.ALPN,
		MTU:                s.MTU,
		HandshakeTimeout:   s.Timeout,
	}
	s.DTLS.apply(c)
	if s.CID {
		c.ConnectionIDs = dtls.ConnectionIDsAsk
	}
	if c.CipherSuites, err = parseCiphers(s.Ciphers); err != nil {
		return nil, "", err
	}
	if c.CurvePreferences, err = parseGroups(s.Groups); err != nil {
		return nil, "", err
	}
	if s.CA != "" {
		if c.RootCAs, err = loadPool(s.CA); err != nil {
			return nil, "", err
		}
	}
	if s.Cert != "" {
		cert, err := loadCertificate(s.Cert, s.Key)
		if err != nil {
			return nil, "", err
		}
		c.Certificates = []tls.Certificate{*cert}
	}
	if name, err = s.applyPSK(c); err != nil {
		return nil, "", err
	}
	return c, name, nil
}

// hasPSK tells whether we have a pre-shared key.
func (s *ConnectSettings) hasPSK() bool { return s.PSK != "" || s.PSKFile != "" }

// psk reads our pre-shared key.
func (s *ConnectSettings) psk() (PSK, error) {
	if s.PSKFile == "" {
		p, err := ParsePSK([]byte(s.PSK))
		if err != nil {
			return PSK{}, faultAt("--psk", err)
		}
		return p, nil
	}
	psks, err := ReadPSKFile(s.PSKFile, false)
	if err != nil {
		return PSK{}, err
	}
	if len(psks) > 1 {
		return PSK{}, usageFault("keep a file with that line alone", "%s holds %d identities: a client has one", s.PSKFile, len(psks))
	}
	return psks[0], nil
}

// applyPSK returns the name of a client with the key of the settings, if they
// have one.
func (s *ConnectSettings) applyPSK(c *dtls.Config) (name string, err error) {
	if !s.hasPSK() {
		return "client", nil
	}
	p, err := s.psk()
	if err != nil {
		return "", err
	}
	if p.Any {
		return "", usageFault("name the identity that the server knows; a server with '*' takes any", "--psk: a client cannot be '*'")
	}
	c.ClientPSK = dtls.StaticClientPSK(string(p.Identity), p.Key)
	if len(p.Identity) == 0 {
		return "client", nil
	}
	return string(p.Identity), nil
}
