package load

import (
	"context"
	"fmt"
)

// A settling is the part of a cast that has each client make one session and
// keep it.
type settling struct {
	w      *worker
	seats  int // the first ones
	next   int // seat whose handshake comes next
	busy   int // handshakes under way
	ready  int // seats with a session
	failed int // seats whose handshake has failed
}

// more begins handshakes until so many are under way.
func (s *settling) more(concurrency int) {
	for s.busy < concurrency && s.next < s.seats {
		s.next++
		if s.w.gen.plain {
			s.w.seats[s.next-1].place = int32(s.next - 1)
			s.ready++
			continue
		}
		s.busy++
		s.w.begin(s.next-1, nil)
	}
}

// opened counts a handshake that is complete.
func (s *settling) opened(seat int) {
	s.busy--
	s.ready++
	s.w.tally.ok++
	s.w.tally.latency.add(s.w.clock() - s.w.seats[seat].begun)
}

// refused counts one that has failed.
func (s *settling) refused(err error) {
	s.busy--
	s.failed++
	s.w.tally.fail(err)
}

// done reports whether no handshake is left to be made.
func (s *settling) done() bool { return s.busy == 0 && s.next == s.seats }

// A settler is a cast that has a settling.
type settler interface{ settling() *settling }

// settleAll makes all sessions, so many at a time, and returns how many there
// are.
func (g *generator) settleAll(ctx context.Context, concurrency int) (ready int, err error) {
	done := g.await(ctx, forever, func() bool {
		all := true
		ready = 0
		g.each(func(w *worker) {
			s := w.cast.(settler).settling()
			s.more(share(concurrency, len(g.workers), w.number))
			all = all && s.done()
			ready += s.ready
		})
		return all
	})
	switch {
	case !done:
		return ready, nil // and the report is of what there is
	case ready == 0:
		return 0, fmt.Errorf("%w: %s", errNothing, commonest(g.total().reasons))
	}
	return ready, nil
}

// commonest returns the reason that was counted most.
func commonest(reasons map[string]uint64) string {
	best := ""
	for reason, n := range reasons {
		if best == "" || n > reasons[best] || n == reasons[best] && reason < best {
			best = reason
		}
	}
	return best
}

// part ends all sessions with a close_notify, one after the other so that they
// arrive.
func (g *generator) part() {
	for _, w := range g.workers {
		for i := range w.seats {
			w.do(func() { w.leave(i) })
		}
	}
}

// leave ends the association of a seat, if it has one.
func (w *worker) leave(seat int) {
	if w.seats[seat].assoc != nil {
		w.end(seat)
		w.drain(seat)
	}
}
