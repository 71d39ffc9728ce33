package load

import (
	"context"
	"errors"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// An Echo is a scenario of sessions whose datagrams the server sends back.
type Echo struct {
	Sessions    int
	Window      int           // datagrams of a session on their way at a time
	Size        int           // of a datagram, in bytes of plaintext
	Duration    time.Duration // of the measurement
	Warmup      time.Duration // before it
	Count       int           // end after so many echoes; 0 for what Duration brings
	Bursts      bool          // send the whole window together, as a train
	Rate        float64       // datagrams a second, whatever comes back; 0 for as fast as they do
	Plain       bool          // without DTLS
	Concurrency int           // handshakes at a time
}

func (Echo) name() string { return "echo" }

func (e Echo) check(s *Settings) error {
	switch {
	case e.Sessions < 1 || e.Window < 1 || e.Concurrency < 1:
		return usageError("--sessions, --window and --concurrency want at least 1")
	case e.Size < MinSize || e.Size > MaxSize:
		return usageError("--size has to be between %d and %d", MinSize, MaxSize)
	case e.Duration <= 0 && e.Count == 0:
		return usageError("--duration must be longer than nothing")
	case e.Rate < 0 || e.Count < 0:
		return usageError("--rate and --count cannot be negative")
	case e.Rate > 0 && e.Bursts:
		return usageError("--rate and --bursts exclude each other")
	}
	return nil
}

func (e Echo) run(ctx context.Context, g *generator, r *Report) error {
	r.Sessions, r.Window, r.Size, r.Bursts = e.Sessions, e.Window, e.Size, e.Bursts
	r.Concurrency, r.Plain, r.TargetRate = e.Concurrency, e.Plain, e.Rate
	g.trains = e.Bursts
	if g.plain = e.Plain; !g.plain {
		if err := g.equip(false); err != nil {
			return err
		}
	}
	r.RSSBefore = g.resident()
	if err := g.start(ctx, e.Sessions, func(w *worker) cast { return newEchoes(w, e, len(w.seats)) }); err != nil {
		return err
	}
	defer g.stop()
	defer g.watch("echoes")()
	ready, err := g.settleAll(ctx, e.Concurrency)
	if err != nil {
		return err
	}
	settling := g.total()
	r.Sessions = ready
	if e.Warmup > 0 {
		g.each(beginEchoes)
		g.sleep(ctx, e.Warmup)
	}
	m, limit := g.measure(e.Count), e.Duration
	g.each(beginEchoes)
	if e.Count > 0 {
		limit = forever
	}
	g.budget.wait(ctx, limit)
	m.conclude(r, func(r *Report) uint64 { return r.OK })
	r.RSSAfter = g.resident()
	r.Failed += settling.failed
	r.excuse(settling.reasons)
	g.each(func(w *worker) { w.cast.(*echoes).rest = true })
	g.part()
	return nil
}

// echoes are the clients of an Echo.
type echoes struct {
	quiet
	settlement settling
	w          *worker
	scenario   Echo
	pattern    *pattern
	flows      []flow // by seat
	slots      []slot // of all flows, one after the other
	scratch    []byte
	running    bool
	rest       bool // nothing more is sent
	paced      pace
	turn       int // the flow whose turn it is, in an open loop
	looked     time.Duration
}

// A flow is what a client has on its way.
type flow struct {
	out   int           // datagrams that were not answered
	moved time.Duration // when something came back last, or the window was filled
	heard time.Duration // when something came back last, or the session began
}

// A slot is one of the datagrams that a client has on its way at a time. The
// numbers of a slot are the same modulo the window, so that each finds it.
type slot struct {
	number uint32
	out    bool
}

// stallTime is how long a client waits for anything to come back before it
// takes for lost what has not.
const stallTime = 200 * time.Millisecond

// newEchoes returns the clients on the first seats of a worker.
func newEchoes(w *worker, e Echo, seats int) *echoes {
	c := &echoes{w: w, scenario: e, pattern: newPattern(), scratch: make([]byte, e.Size)}
	c.settlement = settling{w: w, seats: seats}
	c.flows = make([]flow, seats)
	c.slots = make([]slot, seats*e.Window)
	c.paced.rate = e.Rate * float64(seats) / float64(e.Sessions)
	for i := range c.slots {
		c.slots[i].number = uint32(i % e.Window)
	}
	return c
}

func (c *echoes) settling() *settling { return &c.settlement }

func (c *echoes) opened(seat int) { c.settlement.opened(seat) }

func (c *echoes) ended(_ int, err error) {
	switch {
	case errors.Is(err, engine.ErrClosed):
	case !c.running:
		c.settlement.refused(err)
	default:
		c.w.tally.fail(err)
	}
}

// slotsOf returns the slots of a client.
func (c *echoes) slotsOf(seat int) []slot {
	n := c.scenario.Window
	return c.slots[seat*n : (seat+1)*n]
}

// beginEchoes begins with the echoes of a worker, if they have not begun.
func beginEchoes(w *worker) { w.cast.(*echoes).begin() }

// begin fills all windows.
func (c *echoes) begin() {
	if c.running {
		return
	}
	c.running = true
	c.paced.begin(c.w.clock())
	if c.paced.rate > 0 {
		return
	}
	for seat := range c.flows {
		c.refill(seat)
	}
}

// refill sends what a window has room for.
func (c *echoes) refill(seat int) {
	if c.rest || c.w.seats[seat].assoc == nil && !c.w.gen.plain {
		return
	}
	f := &c.flows[seat]
	f.moved = c.w.clock()
	if f.heard == 0 {
		f.heard = f.moved
	}
	slots := c.slotsOf(seat)
	for i := range slots {
		if !slots[i].out {
			c.send(seat, &slots[i], c.w.clock())
		}
	}
}

// send sends the next datagram of a slot.
func (c *echoes) send(seat int, s *slot, at time.Duration) {
	c.pattern.fill(c.scratch, uint32(seat), s.number, at)
	if c.w.say(seat, c.scratch) != nil {
		return
	}
	s.out = true
	c.flows[seat].out++
	c.w.tally.sent++
}

func (c *echoes) received(seat int, datagram []byte) {
	if !c.running {
		return
	}
	number, at, ok := c.pattern.read(datagram, uint32(seat), c.scenario.Size)
	slots := c.slotsOf(seat)
	s := &slots[number%uint32(len(slots))]
	switch {
	case !ok:
		c.w.tally.bad++
		return
	case !s.out || s.number != number:
		c.w.tally.late++
		return
	}
	c.free(seat, s)
	f := &c.flows[seat]
	f.moved = c.w.clock()
	f.heard = f.moved
	c.count(f.moved - at)
	switch {
	case c.paced.rate > 0 || c.rest:
	case !c.scenario.Bursts:
		c.send(seat, s, f.moved)
	case f.out == 0:
		c.refill(seat)
	}
}

// count counts an echo, unless there were enough.
func (c *echoes) count(took time.Duration) {
	b := &c.w.gen.budget
	if !b.take() {
		c.rest = true
		return
	}
	c.w.tally.ok++
	c.w.tally.latency.add(took)
	b.spent()
}

// free takes a datagram for no longer on its way.
func (c *echoes) free(seat int, s *slot) {
	s.out = false
	s.number += uint32(c.scenario.Window)
	c.flows[seat].out--
}

func (c *echoes) tick() {
	if !c.running || c.rest {
		return
	}
	now := c.w.clock()
	if c.paced.rate > 0 {
		c.sendPaced(now)
	}
	if now-c.looked < stallTime/8 {
		return
	}
	c.looked = now
	for seat := range c.flows {
		if f := &c.flows[seat]; f.out > 0 && now-f.moved > stallTime {
			c.giveUp(seat)
		}
	}
}

// forget takes for over what a client has on its way, as its session is.
func (c *echoes) forget(seat int) {
	slots := c.slotsOf(seat)
	for i := range slots {
		if slots[i].out {
			c.free(seat, &slots[i])
		}
	}
	c.flows[seat] = flow{}
}

// giveUp takes for lost what a client has on its way.
func (c *echoes) giveUp(seat int) {
	slots := c.slotsOf(seat)
	for i := range slots {
		if slots[i].out {
			c.w.tally.lost++
			c.free(seat, &slots[i])
		}
	}
	if c.paced.rate == 0 {
		c.refill(seat)
	}
}

// sendPaced sends the datagrams that are due in an open loop, each client in
// turn. One for which its window has no room pushes out an older one.
func (c *echoes) sendPaced(now time.Duration) {
	for range c.paced.due(now) {
		seat := c.turn % len(c.flows)
		slots := c.slotsOf(seat)
		s := &slots[c.turn/len(c.flows)%len(slots)]
		c.turn++
		if s.out {
			c.w.tally.lost++
			c.free(seat, s)
		}
		if c.flows[seat].out == 0 {
			c.flows[seat].moved = now
		}
		c.send(seat, s, now)
	}
}
