package engine

import (
	"bytes"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// begin begins the handshake.
func (c *clientStart) begin(now time.Time) {
	if _, err := c.prepare(now); err != nil {
		c.a.finish(err)
	}
}

// prepare sends the first hello once there is all that it takes.
func (c *clientStart) prepare(now time.Time) (state, error) {
	if err := c.random(c.clientRandom[:]); err != nil {
		return c.state, err
	}
	s := c.target.Session
	if s != nil && !c.worthOffering(now, s) {
		s, c.target.Session = nil, nil
	}
	if c.a.cfg.Policy.PSK && (c.a.cfg.speaks(wire.VersionDTLS13) || s != nil && s.usesPSK()) {
		return ask(c.handshake, Event{Kind: EventLookupPSK}, c.beginAs)
	}
	return c.beginAs(now, PSK{})
}

// beginAs begins as the owner of a pre-shared key, if there is one. A session that
// began as somebody else is not resumed.
func (c *clientStart) beginAs(now time.Time, psk PSK) (state, error) {
	if s := c.target.Session; s != nil && s.usesPSK() && len(psk.Identity) > 0 && !bytes.Equal(psk.Identity, s.Identity) {
		c.target.Session = nil
	}
	if err := c.offerSession(); err != nil {
		return c.state, err
	}
	if err := c.a.drawCID(); err != nil {
		return c.state, err
	}
	if !c.a.cfg.speaks(wire.VersionDTLS13) {
		return c.sendFirstHello(now)
	}
	return c.collectPSKs(now, psk)
}

func (c *clientStart) sendFirstHello(now time.Time) (state, error) {
	c.offered = c.extensions()
	c.hello = c.newHello()
	return c.state, c.sendHello(now)
}

// newHello returns the hello without its extensions.
func (c *clientStart) newHello() wire.ClientHello {
	return wire.ClientHello{
		Version:            wire.VersionDTLS12,
		Random:             c.clientRandom,
		SessionID:          c.sessionID,
		CipherSuites:       wire.AppendUint16s(nil, c.offeredSuites()...),
		CompressionMethods: []byte{0},
	}
}

// sendHello sends the hello as a flight. The transcript begins with it: an
// earlier ClientHello and the HelloVerifyRequest are not part of it (RFC 6347,
// Section 4.2.1).
func (c *clientStart) sendHello(now time.Time) error {
	c.newFlight()
	c.transcript.restart()
	c.begins = c.a.plainSeq
	c.body = c.encodeHello(now)
	c.send(wire.TypeClientHello, c.body)
	return c.launch(now, false)
}

func (c *clientStart) worthOffering(now time.Time, s *SessionState) bool {
	if !s.resumable(now, c.a.cfg.SessionLife) || s.ServerName != c.target.ServerName {
		return false
	}
	if s.is13() {
		fresh := now.UnixMilli()-s.Received < int64(s.Lifetime)*1000
		return fresh && c.a.cfg.speaks(wire.VersionDTLS13) && c.permits13(suite.Lookup13(s.Suite), s)
	}
	return c.a.cfg.speaks(wire.VersionDTLS12) && c.permits(suite.Lookup(s.Suite), s)
}

// offerSession chooses the session ID. With a ticket it is a random one: the
// server that takes the ticket echoes it (RFC 5077, Section 3.4). DTLS 1.3 has
// none.
func (c *clientStart) offerSession() error {
	c.sessionID = nil
	switch s := c.target.Session; {
	case s == nil || s.is13():
		return nil
	case len(s.Ticket) > 0:
		c.sessionID = make([]byte, sessionIDLen)
		return c.random(c.sessionID)
	default:
		c.sessionID = s.ID
		return nil
	}
}

// offeredSuites returns the suites of all versions that we speak.
func (c *clientStart) offeredSuites() []uint16 {
	var ids []uint16
	if c.a.cfg.speaks(wire.VersionDTLS13) {
		for _, s := range c.a.cfg.Policy.Suites13 {
			ids = append(ids, uint16(s.ID))
		}
	}
	if c.a.cfg.speaks(wire.VersionDTLS12) {
		ids = append(ids, c.offeredSuites12()...)
		ids = append(ids, uint16(wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
	}
	return ids
}

// offeredSuites12 returns the suites of the policy for which we have the means.
func (c *clientStart) offeredSuites12() []uint16 {
	var ids []uint16
	for _, s := range c.a.cfg.Policy.Suites {
		if s.KeyExchange.UsesPSK() && c.a.cfg.Policy.PSK || s.KeyExchange.UsesCertificate() && c.a.cfg.Certificate {
			ids = append(ids, uint16(s.ID))
		}
	}
	return ids
}

func (c *clientStart) extensions() wire.ClientExtensions {
	cfg := c.a.cfg
	e := wire.ClientExtensions{
		ServerName:      c.target.ServerName,
		RecordSizeLimit: uint16(cfg.RecordSizeLimit),
	}
	for _, name := range cfg.Policy.NextProtos {
		e.ALPN = append(e.ALPN, []byte(name))
	}
	if len(cfg.Policy.SRTPProfiles) > 0 {
		e.SRTP = &wire.UseSRTP{Profiles: wire.AppendUint16s(nil, cfg.Policy.SRTPProfiles...)}
	}
	if cfg.Certificate {
		c.offerCertificateTypes(&e)
		e.SignatureAlgorithms = wire.AppendUint16s(nil, cfg.Policy.Schemes...)
	}
	c.offerCID(&e)
	if cfg.speaks(wire.VersionDTLS12) {
		c.offer12(&e)
	}
	if cfg.speaks(wire.VersionDTLS13) {
		c.offer13(&e)
	}
	return e
}

// offer12 adds what only DTLS 1.2 gives a meaning.
func (c *clientStart) offer12(e *wire.ClientExtensions) {
	cfg := c.a.cfg
	e.ExtendedMasterSecret = true
	e.HasSessionTicket = cfg.SessionCache
	e.EncryptThenMAC = slices.ContainsFunc(cfg.Policy.Suites, (*suite.Suite).CBC)
	if s := c.target.Session; s != nil && !s.is13() {
		e.SessionTicket = s.Ticket
	}
	if slices.ContainsFunc(cfg.Policy.Suites, func(s *suite.Suite) bool { return s.KeyExchange.UsesECDHE() }) {
		e.SupportedGroups = wire.AppendUint16s(nil, cfg.Policy.Groups...)
		e.PointFormats = []byte{wire.PointFormatUncompressed}
	}
}
