package daemon

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// credentials are the keys and the certificate of a server. Handshakes read
// them while a reload replaces them.
type credentials struct {
	settings *ServeSettings
	given    []PSK // on the command line, or made for a run that was given nothing
	now      func() time.Time

	keys        atomic.Pointer[keyring]         // nil: no pre-shared keys
	certificate atomic.Pointer[tls.Certificate] // nil: no certificate
}

// newCredentials reads what the settings name. Extra keys are added to those
// of the settings.
func newCredentials(s *ServeSettings, extra ...PSK) (*credentials, error) {
	c := &credentials{settings: s, given: extra, now: time.Now}
	for _, text := range s.PSK {
		p, err := ParsePSK([]byte(text))
		if err != nil {
			return nil, faultAt("--psk", err)
		}
		c.given = append(c.given, p)
	}
	if err := c.loadKeys(); err != nil {
		return nil, err
	}
	if s.Cert == "" {
		return c, nil
	}
	return c, c.loadCertificate()
}

// loadKeys puts a new keyring in the place of the old one.
func (c *credentials) loadKeys() error {
	sources := [][]PSK{c.given}
	if name := c.settings.PSKFile; name != "" {
		read, err := ReadPSKFile(name, c.settings.PSKFileAnyMode)
		if err != nil {
			return err
		}
		sources = append(sources, read)
	}
	ring, err := newKeyring(sources...)
	if err != nil {
		return err
	}
	if len(ring.keys) > 0 || ring.any != nil {
		c.keys.Store(ring)
	}
	return nil
}

func (c *credentials) loadCertificate() error {
	cert, err := loadCertificate(c.settings.Cert, c.settings.Key)
	if err != nil {
		return err
	}
	c.certificate.Store(cert)
	return nil
}

// reload reads the files again and says what came of it. A file that is no
// good changes nothing.
func (c *credentials) reload() []Line {
	var lines []Line
	if name := c.settings.PSKFile; name != "" {
		lines = append(lines, c.reloaded("the keys in "+name, c.loadKeys()))
	}
	if name := c.settings.Cert; name != "" {
		lines = append(lines, c.reloaded("the certificate in "+name, c.loadCertificate()))
		lines = append(lines, c.expiry()...)
	}
	if len(lines) == 0 {
		lines = append(lines, Line{Time: c.now(), Level: slog.LevelWarn, Text: "There is no file to read again: neither --psk-file nor --cert was given"})
	}
	return lines
}

func (c *credentials) reloaded(what string, err error) Line {
	if err != nil {
		return Line{Time: c.now(), Level: slog.LevelError, Text: fmt.Sprintf("Kept what was read before of %s, because the file is no good now: %v", what, err)}
	}
	return Line{Time: c.now(), Level: slog.LevelInfo, Text: "Read again: " + what}
}

// weaknesses warns of keys that do not keep anybody out.
func (c *credentials) weaknesses() []Line {
	ring := c.keys.Load()
	if ring == nil {
		return nil
	}
	var lines []Line
	for _, text := range ring.weaknesses() {
		lines = append(lines, Line{Time: c.now(), Level: slog.LevelWarn, Text: text})
	}
	return lines
}

// expiry warns of a certificate that nobody will accept.
func (c *credentials) expiry() []Line {
	cert := c.certificate.Load()
	if cert == nil || cert.Leaf == nil {
		return nil
	}
	now, leaf := c.now(), cert.Leaf
	const day = "2006-01-02 15:04 MST"
	switch {
	case now.After(leaf.NotAfter):
		return []Line{{Time: now, Level: slog.LevelWarn, Text: "The certificate expired on " + leaf.NotAfter.Format(day)}}
	case now.Before(leaf.NotBefore):
		return []Line{{Time: now, Level: slog.LevelWarn, Text: "The certificate is not valid before " + leaf.NotBefore.Format(day)}}
	}
	return nil
}

// LookupPSK implements [dtls.PSKStore].
func (c *credentials) LookupPSK(_ context.Context, identity []byte) ([]byte, error) {
	return c.keys.Load().find(identity)
}

// getCertificate is the GetCertificate of a [dtls.Config].
func (c *credentials) getCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.certificate.Load(), nil
}

// validate says what is wrong with a config that uses c, as it is now.
func (c *credentials) validate(config *dtls.Config) error {
	config = config.Clone()
	if cert := c.certificate.Load(); cert != nil {
		config.Certificates, config.GetCertificate = []tls.Certificate{*cert}, nil
	}
	return config.ValidateServer()
}

// apply makes config use c.
func (c *credentials) apply(config *dtls.Config) {
	config.LookupsInMemory = true
	if c.keys.Load() != nil {
		config.PSK = c
		config.PSKIdentityHint = []byte(c.settings.PSKHint)
	}
	if c.certificate.Load() != nil {
		config.GetCertificate = c.getCertificate
	}
}
