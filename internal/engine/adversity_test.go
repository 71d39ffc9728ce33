package engine_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

var (
	seedFlag = flag.Uint64("seed", 0, "run the tests of adversity with this seed alone")
	soakFlag = flag.Duration("soak", 20*time.Second, "how long TestSoakAdversity runs")
)

const (
	adversitySeeds     = 10_000
	adversitySeedsRace = 500
	adversityChunk     = 125 // seeds that one goroutine takes
)

// Whatever a network does for a while, a handshake succeeds once it stops,
// data then arrives as it was sent, and no secret, number or byte of memory is
// spent twice. Only who can write plaintext into the network, or an end that
// is not what the other wants, has it fail, and then in ways that are known.
func TestAdversity(t *testing.T) { runTrials(t, draw) }

func runTrials(t *testing.T, draw func(seed uint64) trial) {
	if *seedFlag != 0 {
		tr := draw(*seedFlag)
		t.Logf("%+v", tr)
		tr.run(t)
		return
	}
	seeds := uint64(adversitySeeds)
	if underRace {
		seeds = adversitySeedsRace
	}
	var complete atomic.Int64
	t.Cleanup(func() { t.Logf("%d of %d handshakes complete", complete.Load(), seeds) })
	for first := uint64(1); first <= seeds; first += adversityChunk {
		t.Run(fmt.Sprintf("seeds from %d", first), func(t *testing.T) {
			t.Parallel()
			for seed := first; seed < first+adversityChunk; seed++ {
				if tr := draw(seed); tr.run(t) {
					complete.Add(1)
				}
			}
		})
	}
}

// The soak goes on with seeds that nobody tried before.
func TestSoakAdversity(t *testing.T) {
	if !underRace {
		t.Skip("the soak is for the race detector")
	}
	end := time.Now().Add(*soakFlag)
	var trials, complete atomic.Int64
	t.Cleanup(func() { t.Logf("%d of %d handshakes complete", complete.Load(), trials.Load()) })
	for range 2 {
		t.Run("random seeds", func(t *testing.T) {
			t.Parallel()
			for time.Now().Before(end) {
				for _, draw := range []func(uint64) trial{draw, draw13} {
					if tr := draw(rand.Uint64()); tr.run(t) {
						complete.Add(1)
					}
					trials.Add(1)
				}
			}
		})
	}
}

const (
	// patience bounds a handshake from the beginning, in virtual time. Faults
	// cease after 20 s; what is sent later arrives as soon as its datagrams
	// are small enough, and the last two repetitions of a flight come 31 s and
	// 63 s after it.
	patience = 3 * time.Minute
	// afterlife is when all timers of a network have expired.
	afterlife = 10 * time.Minute
	// talkTicks is how often each side says something while there are faults.
	talkTicks = 8

	// What a side may spend on a handshake. A flight of 1,500 bytes at most
	// goes out seven times, in pieces of 256 bytes in the end.
	maxDatagrams = 100
	maxBytes     = 32 << 10
)

// A course is a trial that is under way.
type course struct {
	*dtlstest.Network
	trial   *trial
	numbers map[*dtlstest.Endpoint]*numbers
	said    [2]map[string]bool // by side, until it arrives
	things  int                // said so far
	random  *rand.Rand
}

// run puts a trial through its course, and reports whether the handshake could
// be completed.
func (tr *trial) run(t testing.TB) bool {
	t.Helper()
	c := &course{
		Network: tr.network(t),
		trial:   tr,
		numbers: map[*dtlstest.Endpoint]*numbers{},
		said:    [2]map[string]bool{{}, {}},
		random:  rand.New(rand.NewPCG(tr.Seed, 2)),
	}
	c.Watch = c.checkNumbers
	for i := range talkTicks {
		c.At(dtlstest.Epoch.Add(time.Duration(i)*(tr.Conditions.Cease+2*time.Second)/talkTicks), c.talk)
	}
	if tr.Flaw == leavingClient {
		c.At(dtlstest.Epoch.Add(below(c.random, 3*time.Second)), c.leave)
	}
	c.Run(patience, c.settled)
	for _, e := range c.ends() {
		if e.SentCount > tr.maxDatagrams() || e.SentBytes > tr.maxBytes() {
			c.fail("%v sent %d datagrams, %d bytes", e.Side(), e.SentCount, e.SentBytes)
		}
	}
	if !c.complete() {
		c.checkFailure()
		return false
	}
	c.outlastFaults()
	if c.Forged > 0 && !c.complete() {
		// A hello that was damaged on its way is another hello: the network
		// gives it the place of the server, and nobody completes it.
		return true
	}
	c.checkAgreement()
	c.checkConversation()
	c.checkDelivered()
	c.checkGoodbye()
	c.checkRest()
	return true
}

// leave has a client go that is still waiting for its handshake.
func (c *course) leave() {
	if !c.Client.Established {
		c.Client.Close(c.Now)
	}
}

// fail ends the test with all that the seed drew.
func (c *course) fail(format string, args ...any) {
	c.TB.Helper()
	c.TB.Logf("trial %+v", *c.trial)
	c.TB.Logf("client: established %v, ended with %v; server: established %v, ended with %v; %d forged datagrams",
		c.Client.Established, c.Client.Err, c.Server != nil && c.Server.Established, c.serverErr(), c.Forged)
	c.Fatalf(format, args...)
}

func (c *course) serverErr() error {
	if c.Server == nil {
		return errors.New("no hello arrived")
	}
	return c.Server.Err
}

// ends returns the two ends, of which the server may be missing.
func (c *course) ends() []*dtlstest.Endpoint {
	if c.Server == nil {
		return []*dtlstest.Endpoint{c.Client}
	}
	return []*dtlstest.Endpoint{c.Client, c.Server}
}

func (c *course) complete() bool {
	return c.Client.Established && c.Server != nil && c.Server.Established
}

// settled is asked between any two happenings, and reports whether the
// outcome of the handshake is known.
func (c *course) settled() bool {
	for _, e := range c.ends() {
		if kept, limit := e.Kept(), c.keepLimit(e.Side()); kept > limit+limit/4 {
			c.fail("%v keeps %d bytes of at most %d", e.Side(), kept, limit)
		}
		c.checkReceived(e)
		c.nap(e)
	}
	return c.complete() || c.Client.Over
}

// keepLimit returns how many bytes a side may keep of an unfinished
// handshake.
func (c *course) keepLimit(side engine.Side) int {
	if side == engine.Server {
		return cmp.Or(c.trial.Server.Reassembly, engine.DefaultReassemblyLimit)
	}
	return cmp.Or(c.trial.Client.Reassembly, engine.DefaultReassemblyLimit)
}

// talk has whoever can say something, and their owners meddle.
func (c *course) talk() {
	for _, e := range c.ends() {
		if e.Established && !e.Over {
			c.say(e, c.random.IntN(100))
		}
		switch c.random.IntN(8) {
		case 0:
			e.Trim()
		case 1:
			c.resize(e)
		case 2:
			c.move(e)
		case 3, 4:
			c.renew(e)
		}
	}
}

// nap has an association that is at rest be packed, often.
func (c *course) nap(e *dtlstest.Endpoint) {
	if e.AtRest() && c.random.IntN(3) == 0 {
		e.Nap()
	}
}

// resize has the owner learn of another MTU.
func (c *course) resize(e *dtlstest.Endpoint) {
	fixed := c.trial.Client.FixedMTU
	if e.Side() == engine.Server {
		fixed = c.trial.Server.FixedMTU
	}
	if !fixed {
		e.SetMTU(engine.MinMTU + c.random.IntN(1000))
	}
}

// move hands an association over to another owner, once nobody needs its last
// flight any more.
func (c *course) move(e *dtlstest.Endpoint) {
	if !c.complete() || e.Over || c.busy() {
		return
	}
	cfg := dtlstest.Config(c.Seed).Complete()
	vault := engine.Vault{
		Sealer: sealer(c.TB, 2),
		Ledger: &memoryLedger{issued: map[engine.Lineage]uint64{}, spent: map[engine.Lineage]uint64{}},
	}
	sealed, err := e.Handover(c.Now, vault)
	if err != nil {
		c.fail("%v cannot be handed over: %v", e.Side(), err)
	}
	if e.Association, err = engine.Restore(cfg, engine.NewWorkspace(), c.Now, vault, sealed); err != nil {
		c.fail("%v cannot be restored: %v", e.Side(), err)
	}
}

// say sends a plaintext that was never sent before.
func (c *course) say(e *dtlstest.Endpoint, size int) string {
	c.things++
	plaintext := fmt.Appendf(nil, "%d from the %v ", c.things, e.Side())
	for len(plaintext) < size {
		plaintext = append(plaintext, byte(c.random.Uint32()))
	}
	plaintext = plaintext[:min(len(plaintext), e.MaxPlaintext())]
	if err := e.Say(string(plaintext)); err != nil {
		c.fail("%v cannot send: %v", e.Side(), err)
	}
	c.said[e.Side()][string(plaintext)] = true
	return string(plaintext)
}

// checkReceived fails unless each thing that e received was said, and only
// once.
func (c *course) checkReceived(e *dtlstest.Endpoint) {
	for _, plaintext := range e.Received {
		if !c.said[e.Side().Peer()][string(plaintext)] {
			c.fail("%v received %q, which was not said or came before", e.Side(), plaintext)
		}
		delete(c.said[e.Side().Peer()], string(plaintext))
	}
	e.Received = nil
}

// outlastFaults waits until the last datagram that suffered has arrived.
func (c *course) outlastFaults() {
	end := dtlstest.Epoch.Add(c.Conditions.Cease + c.Conditions.Delay + c.Conditions.Jitter)
	c.Run(end.Sub(c.Now), func() bool {
		c.settled()
		return false
	})
	for _, e := range c.ends() {
		if e.Over {
			c.fail("the established %v ended: %v", e.Side(), e.Err)
		}
	}
	if c.Forged == 0 && len(c.Past) > 0 {
		c.fail("one hello made %d associations", 1+len(c.Past))
	}
}

// checkAgreement fails unless both sides have the same idea of what they
// agreed on, and it is what they wanted.
func (c *course) checkAgreement() {
	if c.trial.Flaw != flawless && c.trial.Flaw != leavingClient {
		c.fail("handshake complete although %v", c.trial.Flaw)
	}
	client, server := *c.Client.State(), *c.Server.State()
	wantChain := func(of string, got [][]byte, credential string) {
		want := ""
		if credential != "" {
			want = string(dtlstest.NewCredential(credential).Chain[0])
		}
		if string(bytes.Join(got, nil)) != want {
			c.fail("chain of the %s is %q, want %q", of, got, want)
		}
	}
	wantChain("server", client.PeerChain, c.trial.ServerCredential)
	if c.trial.ClientAuth == engine.NoClientCert {
		wantChain("client", server.PeerChain, "")
	} else {
		wantChain("client", server.PeerChain, c.trial.ClientCredential)
	}
	client.PeerChain, server.PeerChain = nil, nil
	c.checkCIDs(client, server)
	client.LocalCID, client.RemoteCID = client.RemoteCID, client.LocalCID
	if got, want := fmt.Sprintf("%+v", client), fmt.Sprintf("%+v", server); got != want {
		c.fail("client agreed on %s, server on %s", got, want)
	}
	if client.Suite != c.trial.suite12() || client.Suite13 != c.trial.suite13() || !client.ExtendedMasterSecret || client.Resumed != (c.trial.Resumption != byNothing) {
		c.fail("agreed on %+v", client)
	}
	if !bytes.Equal(c.export(c.Client), c.export(c.Server)) {
		c.fail("the sides export different keys")
	}
}

// checkCIDs fails unless each side has the connection ID that it wants if both
// know of them, and else none.
func (c *course) checkCIDs(client, server engine.State) {
	lengths := c.trial.CIDs
	agreed := lengths[engine.Client] >= 0 && lengths[engine.Server] >= 0
	if !agreed {
		lengths = [2]int{}
	}
	if client.HasCID != agreed || len(client.LocalCID) != lengths[engine.Client] || len(server.LocalCID) != lengths[engine.Server] ||
		client.RRC != (agreed && c.trial.Seed%2 == 0) {
		c.fail("connection IDs %+v and %+v", client, server)
	}
}

func (c *course) export(e *dtlstest.Endpoint) []byte {
	key, err := e.ExportKeyingMaterial("EXPERIMENTAL adversity", nil, false, 32)
	if err != nil {
		c.fail("%v cannot export: %v", e.Side(), err)
	}
	return key
}

// checkConversation fails unless everything said from now on arrives.
func (c *course) checkConversation() {
	for _, e := range c.ends() {
		largest := e.MaxPlaintext()
		if path := c.Conditions.MTU; path > 0 {
			largest = min(largest, path-e.Overhead())
		}
		for _, size := range []int{0, 100, largest} {
			plaintext := c.say(e, min(size, largest))
			c.Run(c.Conditions.Delay, func() bool { return false })
			c.settled()
			if c.said[e.Side()][plaintext] {
				c.fail("%d bytes from the %v did not arrive", len(plaintext), e.Side())
			}
		}
	}
}

// checkGoodbye fails unless one side's close ends both.
func (c *course) checkGoodbye() {
	closer, other := c.Client, c.Server
	if c.trial.Closer == engine.Server {
		closer, other = other, closer
	}
	closer.Close(c.Now)
	c.Run(c.Conditions.Delay, func() bool { return other.Over })
	if !errors.Is(closer.Err, engine.ErrClosed) || !errors.Is(other.Err, engine.ErrCloseNotify) {
		c.fail("closed by the %v, but that ended with %v and the other with %v", c.trial.Closer, closer.Err, other.Err)
	}
}

// checkRest fails unless all timers end.
func (c *course) checkRest() {
	c.Run(afterlife, func() bool { return false })
	for _, e := range c.ends() {
		if !e.Deadline().IsZero() || !e.Over && !e.Established {
			c.fail("%v still waits for %v", e.Side(), e.Deadline().Sub(c.Now))
		}
		if kept := e.Kept(); kept > 0 {
			c.fail("%v keeps %d bytes at the end", e.Side(), kept)
		}
	}
}

// checkFailure fails unless the handshake had to fail, and in this way.
func (c *course) checkFailure() {
	if c.trial.Flaw == flawless && c.Forged == 0 && !c.starved() {
		c.fail("handshake not complete")
	}
	c.checkRest()
	for _, e := range append(c.Past, c.ends()...) {
		replaced := e.Err == nil && slices.Contains(c.Past, e)
		if !e.Established && !replaced && !knownFailure(e.Err) {
			c.fail("%v ended with %T %v", e.Side(), e.Err, e.Err)
		}
	}
	if c.Forged == 0 && !c.starved() {
		c.checkFlaw()
	}
}

// starved reports whether the server may have run out of what it can say to an
// address that is not proven: what is lost counts as said.
func (c *course) starved() bool {
	return c.Conditions.SkipCookies && (c.Conditions.Loss > 0 || c.Conditions.Corruption > 0)
}

// knownFailure reports whether an error is one that a forged plaintext or a
// flaw can lead to.
func knownFailure(err error) bool {
	var local *engine.LocalError
	var choice *suite.ChoiceError
	var alert *engine.AlertError
	return errors.As(err, &local) || errors.As(err, &choice) || errors.As(err, &alert) ||
		errors.Is(err, engine.ErrHandshakeTimeout) || errors.Is(err, engine.ErrClosed) || errors.Is(err, engine.ErrCloseNotify) ||
		errors.Is(err, wire.ErrMalformed) || errors.Is(err, wire.ErrIllegal) ||
		errors.Is(err, suite.ErrBadSignature) || errors.Is(err, suite.ErrBadKeyShare)
}

// checkFlaw fails unless each side tells the reason that it can know.
func (c *course) checkFlaw() {
	switch c.trial.Flaw {
	case wrongKey, unknownIdentity:
		if c.trial.suite13() != nil {
			c.wantRefusal(c.Server, wire.AlertDecryptError)
			c.wantRefused(c.Client, wire.AlertDecryptError)
			return
		}
		for _, e := range c.ends() {
			if !errors.Is(e.Err, engine.ErrHandshakeTimeout) || !errors.Is(e.Err, engine.ErrWrongKey) {
				c.fail("%v: %v ended with %v", c.trial.Flaw, e.Side(), e.Err)
			}
		}
	case distrustedServer:
		c.wantRefusal(c.Client, wire.AlertBadCertificate)
		c.wantRefused(c.Server, wire.AlertBadCertificate)
	case distrustedClient:
		c.wantRefusal(c.firstServer(), wire.AlertBadCertificate)
		c.wantRefused(c.Client, wire.AlertBadCertificate)
	case missingClient:
		alert := wire.AlertHandshakeFailure
		if c.trial.suite13() != nil {
			alert = wire.AlertCertificateRequired
		}
		c.wantRefusal(c.firstServer(), alert)
		c.wantRefused(c.Client, alert)
	case noCommonSuite:
		if c.Server != nil { // or else it was the gate that refused
			c.wantRefusal(c.Server, wire.AlertHandshakeFailure)
		}
		c.wantRefused(c.Client, wire.AlertHandshakeFailure)
	case leavingClient:
		if !errors.Is(c.Client.Err, engine.ErrClosed) {
			c.fail("%v: ended with %v", c.trial.Flaw, c.Client.Err)
		}
		if c.Server != nil && !c.Server.Established && !errors.Is(c.Server.Err, engine.ErrCloseNotify) {
			c.wantRefused(c.Server, wire.AlertCloseNotify)
		}
	}
}

// firstServer returns the association that the server began with. A hello
// that comes late may have begun another.
func (c *course) firstServer() *dtlstest.Endpoint {
	if len(c.Past) > 0 {
		return c.Past[0]
	}
	return c.Server
}

// wantRefusal fails unless e ended the handshake with that alert.
func (c *course) wantRefusal(e *dtlstest.Endpoint, alert wire.AlertDescription) {
	var local *engine.LocalError
	var choice *suite.ChoiceError
	switch {
	case errors.As(e.Err, &local) && local.Alert == alert:
	case errors.As(e.Err, &choice) && choice.Alert == alert:
	default:
		c.fail("%v: %v ended with %v, want %v", c.trial.Flaw, e.Side(), e.Err, alert)
	}
}

// wantRefused fails unless e heard that alert, or nothing any more.
func (c *course) wantRefused(e *dtlstest.Endpoint, alert wire.AlertDescription) {
	var heard *engine.AlertError
	if errors.As(e.Err, &heard) && heard.Alert == alert || errors.Is(e.Err, engine.ErrHandshakeTimeout) {
		return
	}
	c.fail("%v: %v ended with %v, want to hear of %v", c.trial.Flaw, e.Side(), e.Err, alert)
}
