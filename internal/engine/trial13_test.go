package engine_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// What versions a side may speak.
var (
	only12Spoken = []wire.Version{wire.VersionDTLS12}
	only13Spoken = []wire.Version{wire.VersionDTLS13}
	bothSpoken   = []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12}
)

// draw13 makes a trial of sides that know DTLS 1.3 out of a seed.
func draw13(seed uint64) trial {
	r := rand.New(rand.NewPCG(seed, 3))
	tr := trial{
		Seed:       seed,
		Suite13:    pick(r, suite.All13()...),
		Group:      pick(r, wire.GroupX25519, wire.GroupX25519, wire.GroupP256, wire.GroupX25519MLKEM768),
		Resumption: pick(r, byNothing, byNothing, byTicket),
		External:   r.IntN(2) == 0,
		Tickets:    pick(r, 1, 1, 2),
		Closer:     pick(r, engine.Client, engine.Server),
		Conditions: drawConditions(r),
	}
	// An ACK may be as long as the MTU, and does not shrink with a path.
	if tr.Conditions.MTU == 300 {
		tr.Conditions.MTU = 700
	}
	tr.Versions = pick(r,
		[2][]wire.Version{bothSpoken, bothSpoken}, [2][]wire.Version{bothSpoken, bothSpoken},
		[2][]wire.Version{only13Spoken, bothSpoken}, [2][]wire.Version{bothSpoken, only13Spoken},
		[2][]wire.Version{bothSpoken, only12Spoken}, [2][]wire.Version{only12Spoken, bothSpoken})
	tr.drawMeans(r)
	tr.drawRest(r)
	return tr
}

// drawMeans draws how the sides authenticate, and agree on keys.
func (tr *trial) drawMeans(r *rand.Rand) {
	tr.Suite = ecdsa
	if tr.External {
		tr.Suite = ecdhePSK
		tr.Suite13 = suite.Lookup13(pick(r, wire.TLS_AES_128_GCM_SHA256, wire.TLS_CHACHA20_POLY1305_SHA256, wire.TLS_AES_128_CCM_8_SHA256))
		tr.PlainPSK = r.IntN(4) == 0
	} else {
		tr.drawCertificates(r)
	}
	if tr.suite13() == nil {
		tr.Resumption = byNothing
		if tr.Group == wire.GroupX25519MLKEM768 {
			tr.Group = wire.GroupX25519
		}
	}
	tr.Shares = pick(r, nil, []wire.Group{tr.Group}, []wire.Group{wire.GroupP384})
}

// suite13 returns the suite that the sides agree on in DTLS 1.3, or nil.
func (tr *trial) suite13() *suite.Suite13 {
	for _, versions := range tr.Versions {
		if !slices.Contains(versions, wire.VersionDTLS13) {
			return nil
		}
	}
	return tr.Suite13
}

// suite12 returns the suite that they agree on in DTLS 1.2, or nil.
func (tr *trial) suite12() *suite.Suite {
	if tr.suite13() != nil {
		return nil
	}
	return tr.Suite
}

// configure13 makes the two sides what the trial says of DTLS 1.3.
func (tr *trial) configure13(setup *dtlstest.Setup) {
	if tr.Suite13 == nil {
		return
	}
	for side, cfg := range []*engine.Config{engine.Client: &setup.Client, engine.Server: &setup.Server} {
		cfg.Versions = tr.Versions[side]
		cfg.KeyLog = true
		cfg.HandshakeTimeout = 2 * time.Minute
		cfg.Policy.Suites13 = []*suite.Suite13{tr.Suite13}
		cfg.Policy.PSK = tr.External
		cfg.Policy.PlainPSK = tr.PlainPSK
	}
	setup.Client.Policy.Groups = suite.DefaultGroups13()
	setup.Client.ShareGroups = tr.Shares
	setup.Server.TicketCount = tr.Tickets
}

// maxDatagrams and maxBytes return what a side may spend on a handshake.
func (tr *trial) maxDatagrams() int {
	if tr.suite13() == nil {
		return maxDatagrams
	}
	return 2 * maxDatagrams
}

func (tr *trial) maxBytes() int {
	if tr.suite13() == nil {
		return maxBytes
	}
	return 2 * maxBytes
}

// renew has one side change its keys or its connection ID.
func (c *course) renew(e *dtlstest.Endpoint) {
	if c.trial.suite13() == nil || !e.Established || e.Over {
		return
	}
	var err error
	switch c.random.IntN(3) {
	case 0:
		err = e.RequestCIDs(c.Now, 1+c.random.IntN(4))
		if err == engine.ErrNoNewCIDs {
			err = nil
		}
	case 1:
		e.UseNextCID()
	default:
		err = e.KeyUpdate(c.Now, c.random.IntN(2) == 0)
	}
	if err != nil {
		c.fail("%v cannot change: %v", e.Side(), err)
	}
	e.Drain(c.Now)
}

// busy reports whether a message of either side may still have to be repeated.
func (c *course) busy() bool {
	return c.trial.suite13() != nil && slices.ContainsFunc(c.ends(), func(e *dtlstest.Endpoint) bool {
		return !e.NextTransmission().IsZero()
	})
}

// checkDelivered fails unless all messages arrive once the network is good, and
// both sides come to rest and are as they were.
func (c *course) checkDelivered() {
	if c.trial.suite13() == nil {
		return
	}
	if !c.Run(patience, func() bool { return !c.busy() }) {
		c.fail("messages are not acknowledged: client %v, server %v", c.Client.NextTransmission(), c.Server.NextTransmission())
	}
	if want := c.trial.Tickets; c.Forged == 0 && c.trial.Resumption != byNothing && len(c.Client.Stored) != want {
		c.fail("%d tickets, want %d", len(c.Client.Stored), want)
	}
	c.Run(afterlife, func() bool { return false })
	for _, e := range c.ends() {
		if !e.AtRest() || !e.Deadline().IsZero() || e.Over {
			c.fail("%v is not at rest; it is over: %v; it waits for %v", e.Side(), e.Err, e.Deadline().Sub(c.Now))
		}
	}
	for _, e := range c.ends() {
		if err := e.KeyUpdate(c.Now, true); err != nil {
			c.fail("%v cannot change its keys: %v", e.Side(), err)
		}
		e.Drain(c.Now)
	}
	if !c.Run(patience, func() bool { return !c.busy() }) {
		c.fail("new keys are not in use: client %v, server %v", c.Client.NextTransmission(), c.Server.NextTransmission())
	}
	c.checkConversation()
}

// TestAdversity for sides that speak DTLS 1.3, or could if the other did.
func TestAdversity13(t *testing.T) { runTrials(t, draw13) }
