package load

import (
	"context"
	"errors"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A Handshake is a scenario of handshakes, each followed by a close_notify for
// which nobody waits.
type Handshake struct {
	Concurrency int           // handshakes at a time
	Count       int           // of handshakes; 0 for as many as there are in Duration
	Duration    time.Duration // of the measurement
	Warmup      time.Duration // before it
	Resume      bool          // measure handshakes that resume a session
}

func (Handshake) name() string { return "handshake" }

func (h Handshake) check(*Settings) error {
	switch {
	case h.Concurrency < 1:
		return usageError("--concurrency wants at least 1")
	case h.Count < 0:
		return usageError("--count cannot be negative")
	case h.Count == 0 && h.Duration <= 0:
		return usageError("--duration must be longer than nothing")
	}
	return nil
}

func (h Handshake) run(ctx context.Context, g *generator, r *Report) error {
	r.Concurrency, r.Resumed = h.Concurrency, h.Resume
	if err := g.equip(h.Resume); err != nil {
		return err
	}
	err := g.start(ctx, h.Concurrency, func(w *worker) cast {
		return &handshakes{w: w, resume: h.Resume, extras: make([]extra, len(w.seats))}
	})
	if err != nil {
		return err
	}
	defer g.stop()
	defer g.watch("handshakes")()
	if h.Warmup > 0 {
		g.each(beginHandshakes)
		g.sleep(ctx, h.Warmup)
	}
	r.RSSBefore = g.resident()
	m, limit := g.measure(h.Count), h.Duration
	if h.Count > 0 {
		limit = forever
	}
	g.each(beginHandshakes)
	g.budget.wait(ctx, limit)
	m.conclude(r, func(r *Report) uint64 { return r.OK })
	r.RSSAfter = g.resident()
	g.finish()
	return nil
}

// finish lets the handshakes that are under way come to their end, so that the
// server is not left with halves.
func (g *generator) finish() {
	g.budget.left.Store(0)
	g.budget.limited.Store(true)
	g.await(context.Background(), lastWait, func() bool {
		busy := false
		g.each(func(w *worker) { busy = busy || w.busy() })
		return !busy
	})
}

// lastWait is how long the last answers are waited for.
const lastWait = 500 * time.Millisecond

// busy reports whether a client has an association.
func (w *worker) busy() bool {
	for i := range w.seats {
		if w.seats[i].assoc != nil {
			return true
		}
	}
	return false
}

// handshakes are clients that do nothing else.
type handshakes struct {
	quiet
	w      *worker
	resume bool
	aside  bool    // what is counted is something else
	extras []extra // by seat
	looked time.Duration
}

// An extra is what a seat has besides its association.
type extra struct {
	session *engine.SessionState // to resume next
	priming bool                 // this handshake is there to have a session to resume
	counts  bool                 // this handshake is of a number that was asked for
	opened  time.Duration        // when it was complete, on the clock of the generator; 0 before
}

// beginHandshakes begins a handshake on each seat that has none.
func beginHandshakes(w *worker) {
	for i := range w.seats {
		if w.seats[i].assoc == nil {
			w.cast.(*handshakes).next(i)
		}
	}
}

// next begins a handshake if another one is wanted.
func (c *handshakes) next(seat int) {
	x, b := &c.extras[seat], &c.w.gen.budget
	x.opened = 0
	x.priming = c.resume && x.session == nil
	x.counts = !x.priming && b.limited.Load()
	if x.priming && b.exhausted() || !x.priming && !b.take() {
		return
	}
	session := x.session
	if session != nil && session.Lifetime > 0 {
		// RFC 8446, Appendix C.4: a ticket of this version is used once.
		x.session = nil
	}
	c.w.begin(seat, session)
}

func (c *handshakes) opened(seat int) {
	s, x := &c.w.seats[seat], &c.extras[seat]
	x.opened = c.w.clock()
	switch {
	case x.priming:
	case c.resume && !s.assoc.State().Resumed:
		c.conclude(x, 0, errNotResumed)
	default:
		c.conclude(x, x.opened-s.begun, nil)
	}
	if !c.resume || x.session != nil {
		c.w.end(seat)
	}
}

// Why a handshake that should have resumed a session has not.
var (
	errNotResumed = errors.New("the server made a full handshake where a session was to be resumed")
	errNoSession  = errors.New("the server gave no session to resume")
)

// conclude counts a handshake that is complete, or has failed.
func (c *handshakes) conclude(x *extra, took time.Duration, err error) {
	b, t := &c.w.gen.budget, &c.w.tally
	switch {
	case !x.counts && b.limited.Load():
		return // it began before those that were asked for
	case err != nil:
		t.fail(err)
	case !c.aside:
		t.ok++
		t.latency.add(took)
	}
	if x.counts {
		b.spent()
	}
}

func (c *handshakes) stored(seat int, session *engine.SessionState) {
	x := &c.extras[seat]
	x.session = session
	if x.opened > 0 {
		c.w.end(seat)
	}
}

func (c *handshakes) ended(seat int, err error) {
	x := &c.extras[seat]
	if x.opened == 0 {
		// One that only had to bring a session counts as well where it fails.
		if x.priming {
			x.counts = c.w.gen.budget.limited.Load() && c.w.gen.budget.take()
		}
		c.conclude(x, 0, err)
	}
	c.next(seat)
}

// tick gives up to wait for sessions that do not come.
func (c *handshakes) tick() {
	now := c.w.clock()
	if !c.resume || now-c.looked < youngTime {
		return
	}
	c.looked = now
	for seat := range c.extras {
		x := &c.extras[seat]
		if c.w.seats[seat].assoc == nil || x.opened == 0 || now-x.opened < lastWait {
			continue
		}
		x.counts = c.w.gen.budget.limited.Load() && c.w.gen.budget.take()
		c.conclude(x, 0, errNoSession)
		c.w.leave(seat)
	}
}
