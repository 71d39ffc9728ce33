package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A Mixed is a scenario of everything at a time, on a network that loses
// datagrams. A server that is in order loses no session over it.
type Mixed struct {
	Duration    time.Duration
	Sessions    int     // that echo all the time
	Window      int     // of each of them
	Size        int     // of a datagram, in bytes of plaintext
	Idle        int     // sessions over which something is sent now and then
	Concurrency int     // handshakes at a time, again and again
	Flood       float64 // first hellos a second, of clients that never answer
	Loss        float64 // share of all datagrams, both ways, that are lost
	Garbage     float64 // datagrams a second that make no sense, or are forged
	Restarts    float64 // clients a second that forget their session and come back from the same address
}

func (Mixed) name() string { return "mixed" }

func (x Mixed) check(s *Settings) error {
	switch {
	case x.Duration <= 0:
		return usageError("--duration must be longer than nothing")
	case x.Sessions < 1 || x.Window < 1 || x.Concurrency < 1:
		return usageError("--sessions, --window and --concurrency want at least 1")
	case x.Idle < 0 || x.Idle > maxIdle:
		return usageError("--idle has to be between 0 and %d", maxIdle)
	case x.Size < MinSize || x.Size > MaxSize:
		return usageError("--size has to be between %d and %d", MinSize, MaxSize)
	case x.Flood < 0 || x.Garbage < 0 || x.Restarts < 0:
		return usageError("--flood, --garbage and --restarts cannot be negative")
	case x.Loss < 0 || x.Loss > 0.5:
		return usageError("--loss has to be between 0 and 0.5")
	case x.Flood > 0 && !isNear(s.Server.Addr()):
		return &UsageError{
			fmt.Sprintf("%v is neither this machine nor in a private network: flooding what is not yours is an attack", s.Server.Addr()),
			"--flood 0 does without",
		}
	}
	return nil
}

func (x Mixed) run(ctx context.Context, g *generator, r *Report) error {
	r.Sessions, r.Window, r.Size, r.Concurrency = x.Sessions+x.Idle, x.Window, x.Size, x.Concurrency
	if err := g.equip(false); err != nil {
		return err
	}
	// Where so much is lost, handshakes have to try often.
	g.config.RetransmitInitial, g.config.HandshakeTimeout = stallTime, time.Minute
	hello, err := g.hello(false)
	if err != nil {
		return err
	}
	g.Cores = min(g.Cores, x.Sessions, x.Concurrency)
	g.loss = x.Loss
	err = g.start(ctx, x.Sessions+x.Idle+x.Concurrency, func(w *worker) cast { return newMixture(w, x) })
	if err != nil {
		return err
	}
	defer g.stop()
	memory := g.watchMemory(x.Duration)
	defer g.watch("echoes")()
	if _, err := g.settleAll(ctx, max(x.Concurrency, mixedSettling)); err != nil {
		return err
	}
	made := g.total()
	m := g.measure(0)
	r.RSSBefore = g.resident()
	g.each(func(w *worker) { w.cast.(*mixture).begin() })
	ctx, cancel := context.WithTimeout(ctx, x.Duration)
	defer cancel()
	stopFlood := g.floodAside(ctx, Flood{Rate: x.Flood, Spoof: mixedSpoof}, hello)
	g.await(ctx, forever, func() bool {
		memory.look(time.Now())
		return false
	})
	stopFlood()
	g.each(func(w *worker) { w.cast.(*mixture).missing() })
	m.conclude(r, func(r *Report) uint64 { return r.OK })
	r.RSSAfter = g.resident()
	r.Failed += made.failed
	r.Handshakes += made.handshakes
	r.excuse(made.reasons)
	r.Complaints = append(made.complaints, r.Complaints...)
	memory.judge(r)
	g.each(func(w *worker) { w.cast.(*mixture).rest() })
	g.finish()
	return nil
}

// mixedSettling is the least number of handshakes at a time before it begins.
const mixedSettling = 64

// mixedSpoof is the number of addresses that the flood comes from.
const mixedSpoof = 50_000

// floodAside floods the server until ctx ends or the function that it returns is
// called.
func (g *generator) floodAside(ctx context.Context, f Flood, hello []byte) (stop func()) {
	if f.Rate == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := g.flood(ctx, f, hello, new(atomic.Uint64)); err != nil {
			g.workers[0].do(func() { g.workers[0].tally.fail(err) })
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// A mixture is the clients of a Mixed. Those that echo have the first seats of
// a worker, the idle ones the next, and those that only make handshakes the
// last.
type mixture struct {
	quiet
	w          *worker
	settlement settling
	echoes     *echoes
	idle       *probes
	hands      *handshakes
	noise      *noise
	restarts   pace
	running    bool
	resting    bool
}

func newMixture(w *worker, x Mixed) *mixture {
	n, cores := w.number, float64(w.gen.Cores)
	busy, idle := share(x.Sessions, int(cores), n), share(x.Idle, int(cores), n)
	c := &mixture{w: w}
	// What the shares leave over makes handshakes.
	idle = min(idle, len(w.seats)-busy-1)
	c.settlement = settling{w: w, seats: busy + idle}
	c.echoes = newEchoes(w, Echo{Sessions: x.Sessions, Window: x.Window, Size: x.Size}, busy)
	c.idle = newProbes(w, busy, idle)
	c.hands = &handshakes{w: w, aside: true, extras: make([]extra, len(w.seats))}
	c.noise = newNoise(w, x.Garbage/cores)
	c.restarts.rate = x.Restarts / cores
	return c
}

func (c *mixture) settling() *settling { return &c.settlement }

// begin begins with everything but the sessions, which are there.
func (c *mixture) begin() {
	c.running = true
	now := c.w.clock()
	c.restarts.begin(now)
	c.noise.pace.begin(now)
	c.idle.pace.begin(now)
	c.echoes.begin()
	for seat := c.settlement.seats; seat < len(c.w.seats); seat++ {
		c.hands.next(seat)
	}
}

// rest has the clients do no more.
func (c *mixture) rest() {
	c.resting = true
	c.echoes.rest = true
	for seat := range c.settlement.seats {
		c.w.leave(seat)
	}
}

func (c *mixture) makesHandshakes(seat int) bool { return seat >= c.settlement.seats }

func (c *mixture) isIdle(seat int) bool {
	return seat >= len(c.echoes.flows) && !c.makesHandshakes(seat)
}

func (c *mixture) opened(seat int) {
	switch {
	case c.makesHandshakes(seat):
		c.hands.opened(seat)
	case !c.running:
		c.settlement.opened(seat)
	case !c.isIdle(seat):
		c.echoes.refill(seat)
	}
	if c.isIdle(seat) {
		c.w.seats[seat].trim = true
	}
}

func (c *mixture) received(seat int, datagram []byte) {
	switch {
	case c.makesHandshakes(seat) || !c.running:
	case c.isIdle(seat):
		c.idle.answered(seat)
	default:
		c.echoes.received(seat, datagram)
	}
}

// ended makes a session anew that the server should not have ended.
func (c *mixture) ended(seat int, err error) {
	ours := errors.Is(err, engine.ErrClosed)
	switch {
	case c.resting:
	case c.makesHandshakes(seat):
		if !ours {
			c.w.tally.complain("a handshake failed: %s", reasonOf(err))
		}
		c.hands.ended(seat, err)
	case !c.running:
		c.settlement.refused(err)
		c.w.tally.complain("a session did not come about: %s", reasonOf(err))
	default:
		c.w.tally.fail(err)
		c.w.tally.complain("after %v a session ended: %s", c.w.clock().Round(time.Second), reasonOf(err))
		c.restart(seat)
	}
}

// restart has a client forget its session and come back from the same address.
func (c *mixture) restart(seat int) {
	if !c.isIdle(seat) {
		c.echoes.forget(seat)
	}
	c.idle.answered(seat)
	c.w.beginAgain(seat, nil)
}

// missing complains of clients that forgot their session and have not come back
// in all that time.
func (c *mixture) missing() {
	for seat := range c.settlement.seats {
		s := &c.w.seats[seat]
		if s.assoc != nil && !s.assoc.Established() && c.w.clock()-s.begun > lostTime {
			c.w.tally.failed++
			c.w.tally.complain("a client that forgot its session has not come back in over %v", lostTime)
		}
	}
}

// lostTime is how long nothing comes back over a session that is lost. It is many
// windows or probes.
const lostTime = 10 * time.Second

func (c *mixture) tick() {
	if !c.running || c.resting {
		return
	}
	now := c.w.clock()
	c.echoes.tick()
	c.hands.tick()
	c.noise.tick(now)
	for range c.restarts.due(now) {
		if seat := c.noise.random.IntN(c.settlement.seats); c.w.established(seat) {
			c.restart(seat)
		}
	}
	lost := c.idle.tick(now)
	for seat := range c.echoes.flows {
		if c.w.established(seat) && now-c.echoes.flows[seat].heard > lostTime {
			lost = append(lost, seat)
		}
	}
	for _, seat := range lost {
		c.w.tally.failed++
		c.w.tally.complain("after %v a session is lost: nothing came back for %v", now.Round(time.Second), lostTime)
		c.restart(seat)
	}
}

// established reports whether a client has a session.
func (w *worker) established(seat int) bool {
	a := w.seats[seat].assoc
	return a != nil && a.Established()
}
