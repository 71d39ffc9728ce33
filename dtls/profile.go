package dtls

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A profile is a Config made ready for one side.
type profile struct {
	config      *Config
	engine      *engine.Config
	credentials []trust.Credential
	verifier    trust.Verifier // with the name of the server still to come
	rawKeys     trust.RawKeyVerifier
	keyLog      sync.Mutex // held to write to Config.KeyLogWriter
}

// profile returns c made ready for a side, or says what is wrong with c. It
// does so once.
func (c *Config) profile(side engine.Side) (*profile, error) {
	return c.profileFor(side, c.Observer, c.versions())
}

// profileFor is profile where somebody else observes, and where only these
// versions are spoken.
func (c *Config) profileFor(side engine.Side, observer *Observer, versions []wire.Version) (*profile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.profiles[side] == nil {
		p, err := newProfile(c, side, observer, versions)
		if err != nil {
			return nil, fmt.Errorf("dtls: %w", err)
		}
		c.profiles[side] = p
	}
	return c.profiles[side], nil
}

// profileUnder returns c made ready for some clients of a server whose Config
// is parent. Tickets are those of the server, unless c has keys of its own, and no
// version is spoken that the server does not speak.
func (c *Config) profileUnder(parent *Config) (*profile, error) {
	parent.mu.Lock()
	keys := parent.ticketKeys
	parent.mu.Unlock()
	c.mu.Lock()
	if c.ticketKeys == nil {
		c.ticketKeys = keys
	}
	c.mu.Unlock()
	return c.profileFor(engine.Server, parent.Observer, parent.versions())
}

func newProfile(c *Config, side engine.Side, observer *Observer, versions []wire.Version) (*profile, error) {
	if err := c.check(side); err != nil {
		return nil, err
	}
	p := &profile{config: c}
	for i := range c.Certificates {
		credential, err := trust.NewCredential(&c.Certificates[i])
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i, err)
		}
		p.credentials = append(p.credentials, credential)
	}
	if err := p.addRawKeys(); err != nil {
		return nil, err
	}
	policy, err := c.policy(side)
	if err != nil {
		return nil, err
	}
	p.engine = c.engine(side, policy, versions)
	if !slices.Contains(p.engine.Versions, wire.VersionDTLS13) {
		p.engine.Policy.Groups = slices.DeleteFunc(p.engine.Policy.Groups, func(g wire.Group) bool { return g == wire.GroupX25519MLKEM768 })
	}
	if err := p.checkMeans(side, versions); err != nil {
		return nil, err
	}
	p.engine.Credentials = engineCredentials(p.credentials)
	p.engine.Trace = observer != nil && observer.Handshake != nil
	p.engine.KeyLog = c.KeyLogWriter != nil || observer != nil && observer.Secret != nil
	p.verifier = c.verifier(side)
	p.rawKeys = trust.RawKeyVerifier{Believe: c.VerifyRawPublicKey}
	return p, nil
}

// offersCertificates reports whether a client takes servers with
// certificates.
func (c *Config) offersCertificates() bool {
	return c.ClientPSK == nil && c.VerifyRawPublicKey == nil || c.RootCAs != nil || c.InsecureSkipVerify
}

func (c *Config) policy(side engine.Side) (suite.Policy, error) {
	p := suite.Policy{
		Suites:                       suite.Default(),
		Suites13:                     suite.Default13(),
		Groups:                       []wire.Group{wire.GroupX25519MLKEM768, wire.GroupX25519, wire.GroupP256, wire.GroupP384},
		Schemes:                      suite.DefaultSchemes(),
		PSK:                          side == engine.Server && c.PSK != nil || side == engine.Client && c.ClientPSK != nil,
		Certificates:                 side == engine.Server && c.signs() || side == engine.Client && c.offersSignatures(),
		EncryptThenMACRequired:       !c.InsecureMACThenEncrypt,
		ExtendedMasterSecretRequired: c.RequireExtendedMasterSecret,
		NextProtos:                   c.NextProtos,
		SRTPProfiles:                 c.SRTPProfiles,
	}
	p.ServerCertificateTypes, p.ClientCertificateTypes = c.certificateTypes(side)
	if c.CipherSuites != nil {
		p.Suites, p.Suites13 = nil, nil
		for _, id := range c.CipherSuites {
			if s := suite.Lookup(wire.CipherSuite(id)); s != nil {
				p.Suites = append(p.Suites, s)
			} else if s := suite.Lookup13(wire.CipherSuite(id)); s != nil {
				p.Suites13 = append(p.Suites13, s)
			} else {
				return p, fmt.Errorf("CipherSuites has %#04x, which is not implemented", id)
			}
		}
	}
	if c.CurvePreferences != nil {
		known := p.Groups
		p.Groups = nil
		for _, id := range c.CurvePreferences {
			if !slices.Contains(known, wire.Group(id)) {
				return p, fmt.Errorf("CurvePreferences has %v, which is not implemented", id)
			}
			p.Groups = append(p.Groups, wire.Group(id))
		}
	}
	return p, nil
}

// spoken returns those of our versions that are among others, and that there are
// suites of.
func (c *Config) spoken(policy *suite.Policy, among []wire.Version) []wire.Version {
	return slices.DeleteFunc(c.versions(), func(v wire.Version) bool {
		return !slices.Contains(among, v) ||
			v == wire.VersionDTLS13 && len(policy.Suites13) == 0 ||
			v == wire.VersionDTLS12 && len(policy.Suites) == 0
	})
}

// keeps says what is missing of that which a client was told before there was
// this profile.
func (p *profile) keeps(told *engine.Retry) error {
	if told == nil {
		return nil
	}
	policy := &p.engine.Policy
	switch {
	case !slices.Contains(p.engine.Versions, wire.VersionDTLS13):
		return errors.New("the configuration for this client has no DTLS 1.3, which was agreed on before")
	case !slices.Contains(policy.Suites13, told.Suite):
		return fmt.Errorf("the configuration for this client has no %v, which was agreed on before", told.Suite)
	case told.Group != 0 && !slices.Contains(policy.Groups, told.Group):
		return fmt.Errorf("the configuration for this client has no %v, which was agreed on before", told.Group)
	}
	return nil
}

func (c *Config) engine(side engine.Side, policy suite.Policy, versions []wire.Version) *engine.Config {
	e := engine.Config{
		Rand:              c.rand(),
		Keys:              suite.SystemKeys{},
		Policy:            policy,
		Versions:          c.spoken(&policy, versions),
		ClientAuth:        clientAuth(c.ClientAuth),
		ClientCAs:         trust.Authorities(c.ClientCAs),
		PSKHint:           c.PSKIdentityHint,
		Certificate:       c.offersSignatures(),
		RRC:               true, // where there are connection IDs
		MTU:               or(c.MTU, DefaultMTU),
		RetransmitInitial: or(c.RetransmitInitial, DefaultRetransmitInitial),
		RetransmitMax:     or(c.RetransmitMax, DefaultRetransmitMax),
		RetransmitLimit:   or(c.RetransmitLimit, DefaultRetransmitLimit),
		HandshakeTimeout:  or(c.HandshakeTimeout, DefaultHandshakeTimeout),
	}
	if side == engine.Client {
		e.SessionCache = c.ClientSessionCache != nil
		e.SelectCredentials = c.GetClientCertificate != nil
		return e.Complete()
	}
	e.SessionCache = c.SessionCache != nil
	e.SelectCredentials = c.GetCertificate != nil || len(c.Certificates) > 1
	if !c.SessionTicketsDisabled {
		e.Tickets = c.ticketKeysLocked()
	}
	return e.Complete()
}

func (c *Config) verifier(side engine.Side) trust.Verifier {
	v := trust.Verifier{Now: c.Time, Also: c.VerifyPeerCertificate}
	if v.Now == nil {
		v.Now = time.Now
	}
	if side == engine.Client {
		v.Roots, v.Usage = c.RootCAs, x509.ExtKeyUsageServerAuth
		v.Name, v.SkipChain = c.ServerName, c.InsecureSkipVerify
		return v
	}
	v.Roots, v.Usage = c.ClientCAs, x509.ExtKeyUsageClientAuth
	v.SkipChain = c.ClientAuth < tls.VerifyClientCertIfGiven
	return v
}

func (c *Config) rand() io.Reader {
	if c.Rand == nil {
		return rand.Reader
	}
	return c.Rand
}

func clientAuth(t tls.ClientAuthType) engine.ClientAuth {
	switch t {
	case tls.RequestClientCert, tls.VerifyClientCertIfGiven:
		return engine.RequestClientCert
	case tls.RequireAnyClientCert, tls.RequireAndVerifyClientCert:
		return engine.RequireClientCert
	default:
		return engine.NoClientCert
	}
}

func engineCredentials(list []trust.Credential) []engine.Credential {
	out := make([]engine.Credential, len(list))
	for i, c := range list {
		out[i] = engine.Credential{KeyType: c.KeyType, Chain: c.Chain, Signer: c.Signer, Schemes: c.Schemes, Staple: c.Staple}
	}
	return out
}

// logSecret writes a line to the key log. An error of the writer is none of
// the session's business.
func (p *profile) logSecret(line []byte) {
	if p.config.KeyLogWriter == nil {
		return
	}
	p.keyLog.Lock()
	defer p.keyLog.Unlock()
	p.config.KeyLogWriter.Write(line)
}
