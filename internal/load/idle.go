package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// An Idle is a scenario of sessions that are made and then left alone.
type Idle struct {
	Sessions    int
	Concurrency int           // handshakes at a time
	Hold        time.Duration // for which nothing is sent
	Touch       int           // random sessions that are sent a datagram after that, and have to answer
}

func (Idle) name() string { return "idle" }

// maxIdle is how many sessions there are at most.
const maxIdle = 1_000_000

func (i Idle) check(*Settings) error {
	switch {
	case i.Sessions < 1 || i.Sessions > maxIdle:
		return usageError("--sessions has to be between 1 and %d", maxIdle)
	case i.Concurrency < 1:
		return usageError("--concurrency wants at least 1")
	case i.Hold < 0 || i.Touch < 0:
		return usageError("--hold and --touch cannot be negative")
	}
	return nil
}

func (i Idle) run(ctx context.Context, g *generator, r *Report) error {
	r.Sessions, r.Concurrency, r.Size = i.Sessions, i.Concurrency, touchSize
	if err := g.equip(false); err != nil {
		return err
	}
	if err := g.warmUp(ctx, i.Concurrency); err != nil {
		return err
	}
	r.RSSBefore = g.resident()
	if err := g.start(ctx, i.Sessions, func(w *worker) cast { return newIdlers(w) }); err != nil {
		return err
	}
	defer g.stop()
	defer g.watch("handshakes")()
	m := g.measure(0)
	ready, err := g.settleAll(ctx, i.Concurrency)
	if err != nil {
		return err
	}
	m.conclude(r, func(r *Report) uint64 { return r.OK })
	r.RSSAfter = g.resident()
	g.hold(ctx, i.Hold, r)
	if r.RSSHold = g.resident(); r.RSSHold != nil && r.RSSBefore != nil && ready > 0 {
		r.BytesPerSession = ref(float64(*r.RSSHold-*r.RSSBefore) * 1024 / float64(ready))
	}
	g.touch(ctx, i.Touch, r)
	g.part()
	return nil
}

// warmUp makes the server use what memory it uses for handshakes, so that this
// is not taken for that of sessions.
func (g *generator) warmUp(ctx context.Context, concurrency int) error {
	settings := g.Settings
	settings.Progress, settings.PID = nil, 0
	_, err := Run(ctx, settings, Handshake{Concurrency: concurrency, Count: max(300, 2*concurrency)})
	if err != nil || ctx.Err() != nil {
		return err
	}
	g.sleep(ctx, lastWait)
	return nil
}

// hold leaves the sessions alone, and adds what the server did meanwhile.
func (g *generator) hold(ctx context.Context, d time.Duration, r *Report) {
	debug.FreeOSMemory() // ours is needed by the server
	server, at := g.serverCPU(), time.Now()
	g.sleep(ctx, d)
	if elapsed := time.Since(at); g.PID != 0 && elapsed > 0 {
		r.ServerUtil = ref((g.serverCPU() - server).Seconds() / elapsed.Seconds())
	}
}

// touch sends a datagram over random sessions, and adds to the report how long
// the answers took.
func (g *generator) touch(ctx context.Context, n int, r *Report) {
	if n == 0 || ctx.Err() != nil {
		return
	}
	g.clear(0)
	g.each(func(w *worker) { w.cast.(*idlers).left = share(n, len(g.workers), w.number) })
	g.await(ctx, forever, func() bool {
		done := true
		g.each(func(w *worker) {
			c := w.cast.(*idlers)
			done = done && c.left == 0 && len(c.out) == 0
		})
		return done
	})
	t := g.total()
	r.Touched, r.TouchLost, r.Late = t.touched, t.lost, t.late
	r.Failed += t.failed
	r.Retransmissions += t.retransmissions
	r.excuse(t.reasons)
	r.takeLatency(&t.latency)
}

// idlers are the clients of an Idle.
type idlers struct {
	quiet
	settlement settling
	w          *worker
	random     *rand.Rand
	pattern    *pattern
	scratch    []byte
	left       int     // touches that are still to come
	out        []touch // that wait for their answers
}

// A touch is a datagram over an idle session.
type touch struct {
	seat int
	at   time.Duration
}

const (
	touchSize   = 64              // bytes
	touchWindow = 32              // of a worker, at a time
	touchTime   = 2 * time.Second // after which an answer is lost
)

func newIdlers(w *worker) *idlers {
	c := &idlers{w: w, pattern: newPattern(), scratch: make([]byte, touchSize)}
	c.random = rand.New(rand.NewPCG(1, uint64(w.number)))
	c.settlement = settling{w: w, seats: len(w.seats)}
	return c
}

func (c *idlers) settling() *settling { return &c.settlement }

func (c *idlers) opened(seat int) {
	c.settlement.opened(seat)
	c.w.seats[seat].trim = true
}

func (c *idlers) ended(seat int, err error) {
	switch {
	case errors.Is(err, engine.ErrClosed):
	case c.settlement.ready == 0 || !c.settlement.done():
		c.settlement.refused(err)
	default:
		c.w.tally.fail(err)
	}
}

// received takes anything for an answer: not every server echoes.
func (c *idlers) received(seat int, _ []byte) {
	for i, t := range c.out {
		if t.seat == seat {
			c.w.tally.latency.add(c.w.clock() - t.at)
			c.out[i] = c.out[len(c.out)-1]
			c.out = c.out[:len(c.out)-1]
			c.more()
			return
		}
	}
	c.w.tally.late++
}

// more sends what touches there is room for.
func (c *idlers) more() {
	for c.left > 0 && len(c.out) < touchWindow {
		c.left--
		seat := c.random.IntN(len(c.w.seats))
		if c.w.seats[seat].assoc == nil || c.touching(seat) {
			continue
		}
		c.pattern.fill(c.scratch, uint32(seat), 0, c.w.clock())
		c.w.tally.touched++
		if err := c.w.say(seat, c.scratch); err != nil {
			c.w.tally.lost++
			continue
		}
		c.w.seats[seat].trim = true
		c.out = append(c.out, touch{seat, c.w.clock()})
	}
}

// touching reports whether an answer over that session is waited for.
func (c *idlers) touching(seat int) bool {
	for _, t := range c.out {
		if t.seat == seat {
			return true
		}
	}
	return false
}

func (c *idlers) tick() {
	kept := c.out[:0]
	for _, t := range c.out {
		if c.w.clock()-t.at < touchTime {
			kept = append(kept, t)
		} else {
			c.w.tally.lost++
		}
	}
	c.out = kept
	c.more()
}
