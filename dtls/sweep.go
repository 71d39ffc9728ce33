package dtls

import "time"

// A sweeper finds sessions that are idle: those that have been for too long,
// and those whose expanded keys need not be kept. It walks the table in small
// steps, so that no session needs a timer of its own.
type sweeper struct {
	timeout time.Duration // 0 for none
	step    time.Duration
	at      time.Time // of the next step
	cursor  int       // in the table: the session below is next
}

const (
	sweepSteps = 16               // of a round through the table
	longRound  = 64 * time.Second // a round takes no longer
	shortStep  = 10 * time.Millisecond
	trimTime   = time.Minute // the keys of a session idle for that long are trimmed
)

func newSweeper(timeout time.Duration) sweeper {
	round := longRound
	if timeout > 0 {
		round = min(timeout/16, longRound) // which, with the ticks, is less than an eighth late
	}
	return sweeper{timeout: timeout, step: max(round/sweepSteps, shortStep)}
}

// next returns when the next step is due, or the zero time if there is
// nothing to sweep.
func (w *sweeper) next(t *table) time.Time {
	if t.len() == 0 {
		return time.Time{}
	}
	return w.at
}

// sweep takes the next step, if it is due.
func (s *shard) sweep() {
	w := &s.sweeper
	if s.now.Before(w.at) {
		return
	}
	w.at = s.now.Add(w.step)
	for n := (s.table.len() + sweepSteps - 1) / sweepSteps; n > 0; n-- {
		if w.cursor = min(w.cursor, s.table.len()); w.cursor == 0 {
			w.cursor = s.table.len()
			return
		}
		// Downwards: the session that fills a gap comes from where the
		// sweeper has been.
		w.cursor--
		s.sweepSession(s.table.list[w.cursor])
	}
}

func (s *shard) sweepSession(sess *Session) {
	if !sess.established() {
		return
	}
	// The readings of the clock are rounded: between two of them lies as much
	// as a tick less than their difference.
	idle := time.Duration(s.clock()-sess.lastActive.Load())*tick - tick
	switch {
	case s.sweeper.timeout > 0 && idle >= s.sweeper.timeout:
		s.close(sess, ErrIdleTimeout)
	case idle >= trimTime:
		sess.assoc.Trim()
	}
}
