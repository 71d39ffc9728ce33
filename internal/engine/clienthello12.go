package engine

import (
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// start begins the handshake.
func (c *client12) start(now time.Time) {
	if err := c.buildHello(now); err != nil {
		c.a.finish(err)
		return
	}
	if err := c.sendHello(now); err != nil {
		c.a.fail(err)
	}
}

// sendHello sends the hello as a flight. The transcript begins with it: an
// earlier ClientHello and the HelloVerifyRequest are not part of it (RFC 6347,
// Section 4.2.1).
func (c *client12) sendHello(now time.Time) error {
	c.newFlight()
	c.transcript.restart()
	c.begins = c.a.plainSeq
	c.send(wire.TypeClientHello, c.hello.AppendTo(nil))
	return c.launch(now, false)
}

func (c *client12) buildHello(now time.Time) error {
	if err := c.random(c.clientRandom[:]); err != nil {
		return err
	}
	if s := c.target.Session; s != nil && !c.worthOffering(now, s) {
		c.target.Session = nil
	}
	if err := c.offerSession(); err != nil {
		return err
	}
	if err := c.a.drawCID(); err != nil {
		return err
	}
	c.offered = c.extensions()
	suites := append(c.offeredSuites(), uint16(wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
	c.hello = wire.ClientHello{
		Version:            wire.VersionDTLS12,
		Random:             c.clientRandom,
		SessionID:          c.sessionID,
		CipherSuites:       wire.AppendUint16s(nil, suites...),
		CompressionMethods: []byte{0},
		Extensions:         c.offered.AppendTo(nil),
	}
	return nil
}

func (c *client12) worthOffering(now time.Time, s *SessionState) bool {
	chosen := suite.Lookup(s.Suite)
	return c.permits(chosen, s) && s.resumable(now, c.a.cfg.SessionLife) &&
		s.ServerName == c.target.ServerName
}

// offerSession chooses the session ID. With a ticket it is a random one: the
// server that takes the ticket echoes it (RFC 5077, Section 3.4).
func (c *client12) offerSession() error {
	switch s := c.target.Session; {
	case s == nil:
		return nil
	case len(s.Ticket) > 0:
		c.sessionID = make([]byte, sessionIDLen)
		return c.random(c.sessionID)
	default:
		c.sessionID = s.ID
		return nil
	}
}

// offeredSuites returns the suites of the policy for which we have the means.
func (c *client12) offeredSuites() []uint16 {
	var ids []uint16
	for _, s := range c.a.cfg.Policy.Suites {
		if s.KeyExchange.UsesPSK() && c.a.cfg.Policy.PSK || s.KeyExchange.UsesCertificate() && c.a.cfg.Certificate {
			ids = append(ids, uint16(s.ID))
		}
	}
	return ids
}

func (c *client12) extensions() wire.ClientExtensions {
	cfg := c.a.cfg
	e := wire.ClientExtensions{
		ServerName:           c.target.ServerName,
		ExtendedMasterSecret: true,
		HasSessionTicket:     cfg.SessionCache,
		RecordSizeLimit:      uint16(cfg.RecordSizeLimit),
		EncryptThenMAC:       slices.ContainsFunc(cfg.Policy.Suites, (*suite.Suite).CBC),
	}
	if s := c.target.Session; s != nil {
		e.SessionTicket = s.Ticket
	}
	for _, name := range cfg.Policy.NextProtos {
		e.ALPN = append(e.ALPN, []byte(name))
	}
	if len(cfg.Policy.SRTPProfiles) > 0 {
		e.SRTP = &wire.UseSRTP{Profiles: wire.AppendUint16s(nil, cfg.Policy.SRTPProfiles...)}
	}
	if slices.ContainsFunc(cfg.Policy.Suites, func(s *suite.Suite) bool { return s.KeyExchange.UsesECDHE() }) {
		e.SupportedGroups = wire.AppendUint16s(nil, cfg.Policy.Groups...)
		e.PointFormats = []byte{wire.PointFormatUncompressed}
	}
	if cfg.Certificate {
		e.SignatureAlgorithms = wire.AppendUint16s(nil, cfg.Policy.Schemes...)
	}
	c.offerCID(&e)
	return e
}
