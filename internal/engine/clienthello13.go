package engine

import (
	"crypto"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A clientPSK is a pre-shared key that we offer.
type clientPSK struct {
	identity []byte
	hash     crypto.Hash
	kind     suite.PSKKind
	key      []byte
	session  *SessionState // of a ticket; nil with an external key
}

var errDowngrade = errors.New("the server could speak DTLS 1.3, and somebody had it choose less")

// names lists versions for people.
func names(versions []wire.Version) string {
	var all []string
	for _, v := range versions {
		all = append(all, v.String())
	}
	return strings.Join(all, ", ")
}

// collectPSKs collects the keys to offer: that of a ticket first, then the one that
// the owner has for this server.
func (c *clientStart) collectPSKs(now time.Time, own PSK) (state, error) {
	c.psks = nil
	if s := c.target.Session; s != nil && s.is13() {
		hash := suite.Lookup13(s.Suite).Hash
		c.psks = append(c.psks, clientPSK{s.Ticket, hash, suite.ResumptionPSK, s.Master[:hash.Size()], s})
	}
	if !c.a.cfg.Policy.PSK {
		return c.makeShares(now)
	}
	if !zero(own.Key) && len(own.Identity) > 0 {
		c.psks = append(c.psks, clientPSK{own.Identity, externalHash, suite.ExternalPSK, own.Key, nil})
	}
	if len(c.psks) == 0 && !c.a.cfg.Certificate {
		return c.without13(now)
	}
	return c.makeShares(now)
}

// without13 begins with DTLS 1.2 alone, if that is spoken, as there is nothing by
// which a server of DTLS 1.3 could authenticate itself: no key, or one that
// DTLS 1.3 does not have.
func (c *clientStart) without13(now time.Time) (state, error) {
	if !c.a.cfg.speaks(wire.VersionDTLS12) {
		return c.state, refuse(wire.AlertHandshakeFailure, "%w", ErrNoPSK)
	}
	cfg := *c.a.cfg
	cfg.Versions = []wire.Version{wire.VersionDTLS12}
	cfg.Policy.Groups = slices.DeleteFunc(slices.Clone(cfg.Policy.Groups), func(g wire.Group) bool { return g == wire.GroupX25519MLKEM768 })
	c.a.cfg = &cfg
	return c.sendFirstHello(now)
}

// makeShares makes the key shares of the first hello.
func (c *clientStart) makeShares(now time.Time) (state, error) {
	return c.generate(c.shareGroups(), c.sendFirstHello)
}

// shareGroups returns the groups of which a first hello has key shares. As most
// servers ask for a cookie anyway, the large share of a post-quantum group waits
// to be asked for, and the first hello fits into a datagram.
func (c *clientStart) shareGroups() []wire.Group {
	cfg := c.a.cfg
	if cfg.ShareGroups != nil {
		return cfg.ShareGroups
	}
	for _, g := range cfg.Policy.Groups {
		if g != wire.GroupX25519MLKEM768 {
			return []wire.Group{g}
		}
	}
	return cfg.Policy.Groups
}

// generate makes key shares of those groups instead of the present ones.
func (c *clientStart) generate(groups []wire.Group, then func(now time.Time) (state, error)) (state, error) {
	keys := c.a.cfg.Keys
	make := func() ([]keyShare, error) {
		var shares []keyShare
		for _, g := range groups {
			key, err := keys.GenerateKey(g)
			if err != nil {
				return nil, err
			}
			shares = append(shares, keyShare{g, key})
		}
		return shares, nil
	}
	return compute(c.handshake, make, func(now time.Time, shares []keyShare) (state, error) {
		c.shares = shares
		return then(now)
	})
}

// offer13 adds what only DTLS 1.3 gives a meaning.
func (c *clientStart) offer13(e *wire.ClientExtensions) {
	cfg := c.a.cfg
	e.SupportedVersions = wire.AppendUint16s(nil, cfg.Versions...)
	e.SupportedGroups = wire.AppendUint16s(nil, cfg.Policy.Groups...)
	e.PSKKeyExchangeModes = []byte{wire.PSKModeDHEKE}
	if cfg.Policy.PlainPSK {
		e.PSKKeyExchangeModes = append(e.PSKKeyExchangeModes, wire.PSKModeKE)
	}
	c.offerShares(e)
}

func (c *clientStart) offerShares(e *wire.ClientExtensions) {
	var shares []wire.KeyShare
	for _, s := range c.shares {
		shares = append(shares, wire.KeyShare{Group: s.group, KeyExchange: s.key.PublicKey()})
	}
	e.HasKeyShare = true
	e.KeyShares = wire.AppendKeyShares(nil, shares...)
}

// encodeHello returns the body of the hello. At its end are the binders, each of
// which proves a key over all that is before them.
//
// RFC 8446, Section 4.2.11.2.
func (c *clientStart) encodeHello(now time.Time) []byte {
	c.offerPSKs(now)
	c.hello.Extensions = c.offered.AppendTo(nil)
	body := c.hello.AppendTo(nil)
	if len(c.psks) == 0 {
		return body
	}
	truncated := body[:len(body)-c.offered.PreSharedKey.BindersLen()]
	var binders [][]byte
	for _, psk := range c.psks {
		secret, err := suite.NewPSKSecret(psk.hash, psk.key)
		if err != nil {
			panic("dtls: " + err.Error()) // usable keys alone are offered
		}
		binders = append(binders, secret.Binder(psk.kind, c.hashTruncated(psk.hash, truncated, len(body))))
		secret.Wipe()
	}
	c.offered.PreSharedKey.Binders = wire.AppendOpaque8s(nil, binders...)
	return append(truncated[:len(truncated):len(truncated)], c.binderList()...)
}

// binderList returns the binders as they end a hello.
func (c *clientStart) binderList() []byte {
	list := c.offered.PreSharedKey.Binders
	return append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)
}

// hashTruncated hashes the transcript up to the binders of a hello.
func (c *clientStart) hashTruncated(h crypto.Hash, truncated []byte, length int) []byte {
	return c.transcriptBefore(h).truncated(truncated, length)
}

// transcriptBefore returns the transcript of what is before the hello.
func (c *clientStart) transcriptBefore(h crypto.Hash) *transcript {
	return newTranscript13(h, c.retry, c.retryBody)
}

// offerPSKs puts the keys into the hello, with binders that are still to come.
func (c *clientStart) offerPSKs(now time.Time) {
	c.psks = slices.DeleteFunc(c.psks, func(p clientPSK) bool {
		// After a HelloRetryRequest the hash is known.
		return zero(p.key) || c.retry != nil && p.hash != c.retry.Suite.Hash
	})
	c.offered.PreSharedKey = wire.OfferedPSKs{}
	var identities []wire.PSKIdentity
	var binders [][]byte
	for _, p := range c.psks {
		identity := wire.PSKIdentity{Identity: p.identity}
		if p.session != nil {
			identity.ObfuscatedTicketAge = p.session.ticketAge(now)
		}
		identities = append(identities, identity)
		binders = append(binders, make([]byte, p.hash.Size()))
	}
	if len(identities) > 0 {
		c.offered.PreSharedKey.Identities = wire.AppendPSKIdentities(nil, identities...)
		c.offered.PreSharedKey.Binders = wire.AppendOpaque8s(nil, binders...)
	}
}

// onHelloRetryRequest repeats the hello as the server wants it: with a cookie,
// with a key share of another group, or with both.
//
// RFC 8446, Section 4.1.4.
func (c *clientStart) onHelloRetryRequest(now time.Time, hello wire.ServerHello, m message) (state, error) {
	if c.retry != nil {
		return c.state, refuse(wire.AlertUnexpectedMessage, "unexpected second hello_retry_request")
	}
	ext, err := wire.ParseServerExtensions13(wire.InHelloRetryRequest, hello.Extensions)
	if err != nil {
		return c.state, err
	}
	chosen, err := c.checkRetry(&hello, &ext)
	if err != nil {
		return c.state, err
	}
	c.a.suite13 = chosen
	c.flight.version = wire.VersionDTLS12
	c.retry = &Retry{
		Suite:     chosen,
		Group:     ext.SelectedGroup,
		Share:     ext.SelectedGroup != 0,
		HelloHash: hashHello(chosen.Hash, c.body),
		Cookie:    ext.Cookie,
	}
	c.retryBody = m.body
	c.offered.Cookie = ext.Cookie
	if !c.retry.Share {
		return c.state, c.sendHello(now)
	}
	return c.generate([]wire.Group{ext.SelectedGroup}, func(now time.Time) (state, error) {
		c.offerShares(&c.offered)
		return c.state, c.sendHello(now)
	})
}

// checkRetry returns the suite of a HelloRetryRequest, or what is wrong with
// the request.
func (c *clientStart) checkRetry(hello *wire.ServerHello, ext *wire.ServerExtensions) (*suite.Suite13, error) {
	chosen, err := c.checkHello13(hello)
	if err != nil {
		return nil, err
	}
	for _, id := range ext.Present {
		if id != wire.ExtensionCookie && !c.offered.Has(id) || !id.In(wire.InHelloRetryRequest) {
			return nil, misplaced(id, "hello_retry_request", wire.InHelloRetryRequest)
		}
	}
	group := ext.SelectedGroup
	switch {
	case group == 0 && ext.Cookie == nil:
		return nil, refuse(wire.AlertIllegalParameter, "hello_retry_request asks for nothing")
	case group != 0 && !slices.Contains(c.a.cfg.Policy.Groups, group):
		return nil, refuse(wire.AlertIllegalParameter, "server chose group %v, which was not offered", group)
	case group != 0 && c.share(group) != nil:
		return nil, refuse(wire.AlertIllegalParameter, "server asks for a key share of %v, which it has", group)
	}
	return chosen, nil
}

// share returns our key share of a group, or nil.
func (c *clientStart) share(g wire.Group) suite.PrivateKey {
	for _, s := range c.shares {
		if s.group == g {
			return s.key
		}
	}
	return nil
}

// checkHello13 returns the suite of a ServerHello or HelloRetryRequest of
// DTLS 1.3, or what is wrong with the fields that both have.
//
// RFC 8446, Section 4.1.3, and RFC 9147, Section 5.4.
func (c *clientStart) checkHello13(hello *wire.ServerHello) (*suite.Suite13, error) {
	chosen := suite.Lookup13(hello.CipherSuite)
	switch {
	case hello.Version != wire.VersionDTLS12:
		return nil, refuse(wire.AlertIllegalParameter, "server hello of DTLS 1.3 has legacy version %v", hello.Version)
	case len(hello.SessionID) > 0:
		return nil, refuse(wire.AlertIllegalParameter, "server echoes a session ID, which DTLS 1.3 does not have")
	case hello.CompressionMethod != 0:
		return nil, refuse(wire.AlertIllegalParameter, "server chose compression method %d, which was not offered", hello.CompressionMethod)
	case chosen == nil || !slices.Contains(c.a.cfg.Policy.Suites13, chosen):
		return nil, refuse(wire.AlertIllegalParameter, "server chose cipher suite %v, which was not offered", hello.CipherSuite)
	case c.retry != nil && c.retry.Suite != chosen:
		return nil, refuse(wire.AlertIllegalParameter, "server chose %v after it had chosen %v", chosen, c.retry.Suite)
	}
	return chosen, nil
}

// recover begins once more without a cookie when the server did not know the one
// that it was given: its keys may have rotated, or our address changed.
func (c *clientStart) recover(now time.Time, alert wire.AlertDescription) bool {
	if alert != wire.AlertIllegalParameter || c.restarted || c.retry == nil || c.retry.Cookie == nil || c.a.read.epoch > 0 {
		return false
	}
	c.restarted = true
	c.retry, c.retryBody, c.a.suite13 = nil, nil, nil
	c.hinted = nil
	c.flight.finish()
	c.reassembly.skip(c.sendSeq)
	c.settle(c.prepare(now))
	return true
}
