package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A credentials is what the clients of a generator have in common. It is safe
// for concurrent use.
type credentials struct {
	config   *dtls.Config
	verifier trust.Verifier
	last     verdict
	mu       sync.Mutex // protects last
}

// A verdict is what was found of a certificate chain. A server shows the same
// one each time, and what it costs to verify it is not the server's affair.
type verdict struct {
	chain  [][]byte
	result engine.Verified
}

func newCredentials(c *dtls.Config) *credentials {
	return &credentials{config: c, verifier: trust.Verifier{
		Roots:     c.RootCAs,
		Usage:     x509.ExtKeyUsageServerAuth,
		Name:      c.ServerName,
		Now:       time.Now,
		SkipChain: c.InsecureSkipVerify,
	}}
}

// psk returns our pre-shared key.
func (c *credentials) psk(hint []byte) engine.PSK {
	if c.config.ClientPSK == nil {
		return engine.PSK{}
	}
	identity, key, err := c.config.ClientPSK(context.Background(), hint)
	if err != nil {
		return engine.PSK{}
	}
	return engine.PSK{Identity: identity, Key: key}
}

// verify says whether a server's certificate is to be believed.
func (c *credentials) verify(chain [][]byte) engine.Verified {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.EqualFunc(chain, c.last.chain, bytes.Equal) {
		return c.last.result
	}
	result := c.judge(chain)
	c.last = verdict{nil, result}
	for _, certificate := range chain {
		c.last.chain = append(c.last.chain, bytes.Clone(certificate))
	}
	return result
}

func (c *credentials) judge(chain [][]byte) engine.Verified {
	peer, err := c.verifier.Verify(chain)
	if refused := (*trust.Error)(nil); errors.As(err, &refused) {
		return engine.Verified{Err: err, Alert: refused.Alert}
	}
	if err != nil {
		return engine.Verified{Err: err, Alert: wire.AlertBadCertificate}
	}
	return engine.Verified{PublicKey: peer.PublicKey()}
}

// target describes the server to the engine. RFC 6066, Section 3: "Literal IPv4
// and IPv6 addresses are not permitted".
func (c *credentials) target(session *engine.SessionState) engine.Target {
	name := c.config.ServerName
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		name = ""
	}
	return engine.Target{ServerName: strings.TrimSuffix(name, "."), Session: session}
}

// engine returns what the configuration of a client means to the engine.
// [dtls.Config.ValidateClient] has to have been content with it.
func (c *credentials) engine(resume bool) (*engine.Config, error) {
	e := engine.Config{
		Rand:             rand.Reader,
		Keys:             keptKeys{},
		Policy:           c.policy(),
		MTU:              c.config.MTU,
		HandshakeTimeout: c.config.HandshakeTimeout,
		SessionCache:     resume,
	}
	e.Certificate = e.Policy.Certificates
	if c.config.ConnectionIDs == dtls.ConnectionIDsAsk {
		e.CIDs = noCID{}
	}
	for _, v := range []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12} {
		oldest, newest := c.config.MinVersion, c.config.MaxVersion
		if (newest == 0 || uint16(v) >= newest) && (oldest == 0 || uint16(v) <= oldest) {
			e.Versions = append(e.Versions, v)
		}
	}
	if len(e.Policy.Suites13) == 0 {
		e.Versions = slices.DeleteFunc(e.Versions, func(v wire.Version) bool { return v == wire.VersionDTLS13 })
	}
	if len(e.Policy.Suites) == 0 {
		e.Versions = slices.DeleteFunc(e.Versions, func(v wire.Version) bool { return v == wire.VersionDTLS12 })
	}
	for i := range c.config.Certificates {
		credential, err := trust.NewCredential(&c.config.Certificates[i])
		if err != nil {
			return nil, err
		}
		e.Credentials = append(e.Credentials, engine.Credential{Chain: credential.Chain, Signer: credential.Signer, Schemes: credential.Schemes})
	}
	return e.Complete(), nil
}

func (c *credentials) policy() suite.Policy {
	p := suite.Policy{
		Suites:                 suite.Default(),
		Suites13:               suite.Default13(),
		Groups:                 suite.DefaultGroups13(),
		Schemes:                suite.DefaultSchemes(),
		PSK:                    c.config.ClientPSK != nil,
		Certificates:           c.config.ClientPSK == nil || c.config.RootCAs != nil || c.config.InsecureSkipVerify,
		EncryptThenMACRequired: !c.config.InsecureMACThenEncrypt,
	}
	if c.config.CipherSuites != nil {
		p.Suites, p.Suites13 = nil, nil
	}
	for _, id := range c.config.CipherSuites {
		if s := suite.Lookup(wire.CipherSuite(id)); s != nil {
			p.Suites = append(p.Suites, s)
		} else if s := suite.Lookup13(wire.CipherSuite(id)); s != nil {
			p.Suites13 = append(p.Suites13, s)
		}
	}
	if c.config.CurvePreferences != nil {
		p.Groups = nil
	}
	for _, id := range c.config.CurvePreferences {
		p.Groups = append(p.Groups, wire.Group(id))
	}
	return p
}

// noCID asks for connection IDs in what we send, and wants none in what we
// receive.
type noCID struct{}

func (noCID) CIDLen() int                          { return 0 }
func (noCID) AppendCID(dst []byte) ([]byte, error) { return dst, nil }

// keptKeys makes one ephemeral key for each group and uses it in all handshakes
// of a worker: what its making costs is not the server's affair. What the
// generator sends is no secret.
type keptKeys map[wire.Group]suite.PrivateKey

// GenerateKey implements [suite.KeySource].
func (k keptKeys) GenerateKey(g wire.Group) (suite.PrivateKey, error) {
	if key := k[g]; key != nil {
		return key, nil
	}
	key, err := suite.SystemKeys{}.GenerateKey(g)
	if err == nil {
		k[g] = key
	}
	return key, err
}
