package dtls

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// ValidateServer returns the error with which Serve, Listen and NewListener would
// refuse c, or nil. It starts nothing, and c may still be changed afterwards.
func (c *Config) ValidateServer() error { return c.validate(engine.Server) }

// ValidateClient returns the error with which Dial would refuse c, or nil.
// ServerName may be empty, as Dial takes it from the address. It starts nothing,
// and c may still be changed afterwards.
func (c *Config) ValidateClient() error { return c.validate(engine.Client) }

// validate uses a copy of c, since the first use fixes what c means.
func (c *Config) validate(side engine.Side) error {
	if c == nil {
		c = &Config{}
	}
	_, err := c.Clone().profile(side)
	return err
}

// check refuses what cannot work, in words that help.
func (c *Config) check(side engine.Side) error {
	if err := c.checkVersions(); err != nil {
		return err
	}
	switch {
	case c.MTU != 0 && (c.MTU < engine.MinMTU || c.MTU > 1<<16-1):
		return fmt.Errorf("MTU of %d bytes is not between %d and %d", c.MTU, engine.MinMTU, 1<<16-1)
	case c.HandshakeTimeout < 0 || c.RetransmitInitial < 0 || c.RetransmitMax < 0 || c.RetransmitLimit < 0:
		return errors.New("HandshakeTimeout and what is about retransmission cannot be negative")
	case c.MaxHalfOpen < 0 || c.HandshakeBurst < 0 || c.ReadQueue < 0:
		return errors.New("MaxHalfOpen, HandshakeBurst and ReadQueue cannot be negative")
	case len(c.PSKIdentityHint) > 1<<16-1:
		return fmt.Errorf("PSKIdentityHint has %d bytes; the protocol has room for %d", len(c.PSKIdentityHint), 1<<16-1)
	}
	if err := checkShards(c.Shards); err != nil {
		return err
	}
	if err := c.checkConnectionIDs(); err != nil {
		return err
	}
	for _, name := range c.NextProtos {
		if len(name) == 0 || len(name) > 255 {
			return fmt.Errorf("NextProtos has %q: names have 1 to 255 bytes", name)
		}
	}
	if side == engine.Server {
		return c.checkServer()
	}
	return nil
}

func (c *Config) checkServer() error {
	verifies := c.ClientAuth == tls.VerifyClientCertIfGiven || c.ClientAuth == tls.RequireAndVerifyClientCert
	switch {
	case !c.signs() && c.PSK == nil && c.GetConfigForClient == nil:
		return errors.New("a server needs Certificates, GetCertificate, RawPublicKeys, PSK or GetConfigForClient")
	case verifies && c.ClientCAs == nil && c.VerifyRawPublicKey == nil:
		return fmt.Errorf("ClientAuth %v needs ClientCAs: the authorities whose clients are let in", c.ClientAuth)
	case c.ClientAuth < tls.NoClientCert || c.ClientAuth > tls.RequireAndVerifyClientCert:
		return fmt.Errorf("unknown ClientAuth %d", c.ClientAuth)
	}
	return nil
}

// checkName sees to it that a client knows whose certificate to expect.
func (c *Config) checkName() error {
	if c.offersCertificates() && c.ServerName == "" && !c.InsecureSkipVerify {
		return errors.New("dtls: a client needs ServerName, to know whose certificate to expect, or InsecureSkipVerify")
	}
	return nil
}
