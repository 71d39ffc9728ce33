package dtlstest

import (
	"container/heap"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Network carries datagrams between a client and a server in virtual time,
// as badly as its [Conditions] say. The server is an address behind a gate,
// so that cookies are exchanged first. Everything follows from the seed.
type Network struct {
	TB         testing.TB
	Seed       uint64
	Conditions Conditions
	Now        time.Time

	Client *Endpoint
	Server *Endpoint   // the newest association of the server; nil before the first
	Past   []*Endpoint // those before it

	// Watch sees every datagram that an association sends, on its way into
	// the network.
	Watch func(sender *Endpoint, datagram []byte)

	Challenges int                // HelloVerifyRequests and HelloRetryRequests that the gate sent
	Refusals   [wire.NumDrops]int // datagrams that the gate discarded
	Forged     int                // datagrams that arrived changed where nothing protects them

	random        *rand.Rand
	happenings    happenings
	steps         int
	door          *gate.Gate
	serverConfig  *engine.Config
	prepareServer func(*Endpoint)
	greeting      [32]byte // random of the hello from which Server started
	jobs          sync.WaitGroup
}

// maxSteps bounds what happens in one network: more is a loop.
const maxSteps = 20_000

// clientAddress is where the client's datagrams come from.
var clientAddress = netip.MustParseAddrPort("192.0.2.1:40000")

// NewNetwork returns a network whose client has sent its first flight.
func NewNetwork(tb testing.TB, seed uint64, conditions Conditions, options ...Option) *Network {
	tb.Helper()
	setup := Setup{
		Client:        Config(2 * seed),
		Server:        Config(2*seed + 1),
		PrepareClient: func(*Endpoint) {},
		PrepareServer: func(*Endpoint) {},
	}
	// Keys are made beside the associations, so their source is another one.
	setup.Client.Keys = Keys{NewRand(^(2 * seed))}
	setup.Server.Keys = Keys{NewRand(^(2*seed + 1))}
	for _, option := range options {
		option(&setup)
	}
	secrets, err := gate.NewSecrets(NewRand(seed), gate.CookieLifetime)
	if err != nil {
		tb.Fatal(err)
	}
	n := &Network{
		TB:           tb,
		Seed:         seed,
		Conditions:   conditions,
		Now:          Epoch,
		random:       rand.New(rand.NewPCG(seed, 0)),
		serverConfig: setup.Server.Complete(),
	}
	policy := gate.Always
	if conditions.SkipCookies {
		policy = gate.Never
	}
	n.door = gate.New(secrets, gate.Config{
		Versions:  n.serverConfig.Versions,
		Policy:    &n.serverConfig.Policy,
		Cookies:   policy,
		RingSlots: 1,
	})
	n.prepareServer = n.patient(setup.PrepareServer)
	n.Client = NewClient(setup.Client.Complete(), n.Now, setup.Target, n.patient(setup.PrepareClient))
	return n
}

// patient has the endpoints of slow owners keep their questions.
func (n *Network) patient(prepare func(*Endpoint)) func(*Endpoint) {
	return func(e *Endpoint) {
		prepare(e)
		e.Hold = n.Conditions.Answers > 0
	}
}

// Fatalf ends the test with what is needed to repeat it.
func (n *Network) Fatalf(format string, args ...any) {
	n.TB.Helper()
	n.TB.Logf("seed %d, %v after the beginning, %+v", n.Seed, n.Now.Sub(Epoch), n.Conditions)
	n.TB.Fatalf(format, args...)
}

// Run lets things happen until done says so, the time has passed or nothing
// is left to happen, and returns what done says then.
func (n *Network) Run(limit time.Duration, done func() bool) bool {
	n.TB.Helper()
	end := n.Now.Add(limit)
	for !done() {
		n.carryAll()
		at, happen := n.next()
		if happen == nil || at.After(end) {
			n.Now = end
			return done()
		}
		if n.steps++; n.steps > maxSteps {
			n.Fatalf("the network does not come to rest")
		}
		if at.After(n.Now) {
			n.Now = at
		}
		happen()
	}
	return true
}

// At has f called when the time comes.
func (n *Network) At(when time.Time, f func()) {
	heap.Push(&n.happenings, happening{when, n.happenings.pushed, f})
	n.happenings.pushed++
}

// next returns the time of what happens next, and how to have it happen.
func (n *Network) next() (time.Time, func()) {
	var at time.Time
	var happen func()
	if n.happenings.Len() > 0 {
		at, happen = n.happenings.list[0].at, n.happen
	}
	for _, e := range n.alive() {
		if deadline := e.Deadline(); !deadline.IsZero() && (happen == nil || deadline.Before(at)) {
			at, happen = deadline, func() { n.timeout(e) }
		}
	}
	return at, happen
}

func (n *Network) happen() {
	heap.Pop(&n.happenings).(happening).do()
}

func (n *Network) timeout(e *Endpoint) {
	e.Timeout(n.Now)
	if deadline := e.Deadline(); !deadline.IsZero() && !deadline.After(n.Now) {
		n.Fatalf("%v: Timeout leaves a deadline that has passed", e.Side())
	}
}

// alive returns the endpoints that have something to do or to send.
func (n *Network) alive() []*Endpoint {
	if n.Server == nil {
		return []*Endpoint{n.Client}
	}
	return []*Endpoint{n.Client, n.Server}
}

// carryAll takes what the endpoints have to send and to ask.
func (n *Network) carryAll() {
	for _, e := range n.alive() {
		for _, datagram := range e.Take() {
			if n.Watch != nil {
				n.Watch(e, datagram)
			}
			n.carry(e.Side(), datagram)
		}
		questions := e.Questions
		e.Questions = nil
		for _, question := range questions {
			n.answer(e, question)
		}
	}
}

// answer has a question answered after a while, now and then twice, of which
// the second must not matter. A computation runs meanwhile,
// beside everything else, so that the race detector sees what it touches.
func (n *Network) answer(e *Endpoint, question engine.Event) {
	result := func() engine.Result { return e.Answer(question) }
	if question.Kind == engine.EventCompute {
		computed := make(chan engine.Result, 1)
		n.jobs.Go(func() { computed <- question.Job() })
		result = func() engine.Result { return <-computed }
	}
	twice := n.chance(0.1)
	n.At(n.Now.Add(n.upTo(n.Conditions.Answers)), func() {
		r := result()
		e.Resolve(n.Now, question.Token, r)
		e.Drain(n.Now)
		if twice {
			e.Resolve(n.Now, question.Token, r)
			e.Drain(n.Now)
		}
	})
}

// carry brings a datagram to the other side, or does not.
func (n *Network) carry(from engine.Side, datagram []byte) {
	c := &n.Conditions
	if c.MTU > 0 && len(datagram) > c.MTU {
		return
	}
	if !n.faulty() {
		n.deliver(c.Delay, from, datagram, false)
		return
	}
	copies := 1
	if n.chance(c.Duplication) {
		copies = 2
	}
	for range copies {
		if n.chance(c.Loss) {
			continue
		}
		arriving, forged := datagram, false
		if n.chance(c.Corruption) {
			arriving = damage(n.random, datagram)
			forged = forges(datagram, arriving)
		}
		if forged && c.Checksum {
			continue
		}
		delay := c.Delay
		if n.chance(c.Reordering) {
			delay += n.upTo(c.Jitter)
		}
		n.deliver(delay, from, arriving, forged)
	}
}

func (n *Network) deliver(delay time.Duration, from engine.Side, datagram []byte, forged bool) {
	n.At(n.Now.Add(delay), func() {
		if forged {
			n.Forged++
		}
		if from == engine.Client {
			n.toServer(datagram)
		} else {
			n.Client.Receive(n.Now, datagram)
		}
	})
}

// toServer does what a server does with a datagram: what begins with a hello
// that is news is the gate's, all else belongs to the association of the
// address.
func (n *Network) toServer(datagram []byte) {
	if n.Server != nil && !n.Server.Over && (!gate.IsClientHello(datagram) || n.repeats(datagram)) {
		n.Server.Receive(n.Now, datagram)
		return
	}
	verdict, reply := n.door.Receive(n.Now, clientAddress, slices.Clone(datagram), nil)
	switch verdict.Action {
	case gate.Reply:
		n.Challenges++
		n.carry(engine.Server, reply)
	case gate.Refuse:
		n.Refusals[verdict.Drop]++
		n.carry(engine.Server, reply)
	case gate.Admit:
		n.admit(verdict, datagram)
	default:
		n.Refusals[verdict.Drop]++
	}
}

// repeats reports whether a datagram begins with the hello from which the
// server's association started, or may go on with one that it asked for.
func (n *Network) repeats(datagram []byte) bool {
	record, _, err := wire.ParseRecord(datagram)
	if err != nil {
		return false
	}
	f, _, err := wire.ParseFragment(record.Payload)
	if err != nil || f.Offset > 0 {
		return err == nil && n.Conditions.SkipCookies && !n.Server.Established
	}
	hello, ok := wire.ParseClientHelloPrefix(f.Body)
	return ok && hello.Random == n.greeting
}

// admit starts an association from a hello, unless that did so already.
func (n *Network) admit(verdict gate.Verdict, datagram []byte) {
	hello, err := wire.ParseClientHello(verdict.Hello)
	if err != nil {
		n.Fatalf("the gate admitted a hello that does not parse: %v", err)
	}
	if n.Server != nil {
		if !n.Server.Over && hello.Random == n.greeting {
			return
		}
		n.Past = append(n.Past, n.Server)
	}
	// The source of keys is not for two associations at a time.
	n.jobs.Wait()
	n.greeting = hello.Random
	var retry *engine.Retry
	if r := verdict.Retry; r != nil {
		retry = &engine.Retry{
			Suite: r.Suite, Group: r.Group, Share: r.Share,
			HelloHash: slices.Clone(r.HelloHash), Cookie: slices.Clone(r.Cookie),
		}
	}
	n.Server = NewServer(n.serverConfig, n.Now, engine.Hello{
		Retry:      retry,
		Body:       verdict.Hello,
		MessageSeq: verdict.MessageSeq,
		RecordSeq:  verdict.RecordSeq,
		Verified:   !n.Conditions.SkipCookies,
		Received:   max(len(datagram), len(verdict.Hello)),
	}, n.prepareServer)
	if len(verdict.Rest) > 0 {
		n.Server.Receive(n.Now, verdict.Rest)
	}
}

// faulty reports whether faults have not ceased yet.
func (n *Network) faulty() bool { return n.Now.Before(Epoch.Add(n.Conditions.Cease)) }

// chance returns true in that share of its calls.
func (n *Network) chance(share float64) bool { return share > 0 && n.random.Float64() < share }

// upTo returns some time below limit.
func (n *Network) upTo(limit time.Duration) time.Duration {
	if limit == 0 {
		return 0
	}
	return time.Duration(n.random.Int64N(int64(limit)))
}

// A happening is something that happens at its time.
type happening struct {
	at    time.Time
	order int // of those at the same time
	do    func()
}

// happenings is a heap, the next one first.
type happenings struct {
	list   []happening
	pushed int
}

func (h *happenings) Len() int      { return len(h.list) }
func (h *happenings) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }
func (h *happenings) Push(x any)    { h.list = append(h.list, x.(happening)) }

func (h *happenings) Less(i, j int) bool {
	if c := h.list[i].at.Compare(h.list[j].at); c != 0 {
		return c < 0
	}
	return h.list[i].order < h.list[j].order
}

func (h *happenings) Pop() any {
	last := h.list[len(h.list)-1]
	h.list = h.list[:len(h.list)-1]
	return last
}
