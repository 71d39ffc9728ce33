package dtls

import "time"

// A sweeper finds sessions that are idle: those that have been for too long,
// and those that may fall asleep. It walks them in small steps, so that no
// session needs a timer of its own.
type sweeper struct {
	timeout time.Duration // 0 for none
	step    time.Duration
	at      time.Time // of the next step
	cursor  int       // in the table: the slot below is next
	dozing  int       // in those that do not sleep, likewise
	part    int       // of those: so many are looked at in a step
	crowded time.Time // of the next step when too many do not sleep
}

const (
	sweepSteps = 16               // of a round through the table
	dozeSteps  = 4                // of one through those that do not sleep
	longRound  = 64 * time.Second // a round takes no longer
	shortStep  = 10 * time.Millisecond
	trimTime   = 30 * time.Second // a session idle for that long falls asleep

	// More sessions than maxAwake do not sleep only if they have something to
	// do: those idle for napTime fall asleep, and the sweeper hurries.
	maxAwake    = 4096
	napTime     = 2 * time.Second
	crowdedStep = 50 * time.Millisecond
)

func newSweeper(timeout time.Duration) sweeper {
	round := longRound
	if timeout > 0 {
		round = min(timeout/16, longRound) // which, with the ticks, is less than an eighth late
	}
	return sweeper{timeout: timeout, step: max(round/sweepSteps, shortStep)}
}

// nextSweep returns when the next step is due, or the zero time if there is
// nothing to sweep.
func (s *shard) nextSweep() time.Time {
	switch {
	case s.table.len() == 0:
		return time.Time{}
	case s.awake.len() > maxAwake:
		return earlier(s.sweeper.at, s.sweeper.crowded)
	default:
		return s.sweeper.at
	}
}

// sweep takes the steps that are due.
func (s *shard) sweep() {
	w := &s.sweeper
	if !s.now.Before(w.at) {
		w.at = s.now.Add(w.step)
		if w.timeout > 0 {
			s.sweepTable()
		}
		s.sweepAwake(trimTime)
	}
	if s.awake.len() > maxAwake && !s.now.Before(w.crowded) {
		w.crowded = s.now.Add(crowdedStep)
		s.sweepAwake(napTime)
	}
}

// sweepTable looks for sessions that are idle for too long.
func (s *shard) sweepTable() {
	w := &s.sweeper
	for n := (len(s.table.slots) + sweepSteps - 1) / sweepSteps; n > 0; n-- {
		if w.cursor = min(w.cursor, len(s.table.slots)); w.cursor == 0 {
			w.cursor = len(s.table.slots)
			return
		}
		w.cursor--
		sess := s.table.slots[w.cursor]
		if sess != nil && sess.established() && s.idle(sess) >= w.timeout {
			s.close(sess, ErrIdleTimeout)
		}
	}
}

// sweepAwake looks for sessions that may fall asleep.
func (s *shard) sweepAwake(idle time.Duration) {
	w := &s.sweeper
	for range w.part {
		if w.dozing = min(w.dozing, s.awake.len()); w.dozing == 0 {
			break
		}
		// Downwards: the session that fills a gap comes from where the
		// sweeper has been.
		w.dozing--
		sess := s.awake.list[w.dozing]
		if sess.established() && !sess.ended && s.idle(sess) >= idle && !s.sleep(sess) {
			sess.assoc.Trim()
		}
	}
	if w.dozing == 0 {
		w.dozing = s.awake.len()
		w.part = (w.dozing + dozeSteps - 1) / dozeSteps
	}
}

// idle returns for how long nothing went over a session. The readings of the
// clock are rounded: between two of them lies as much as a tick less than their
// difference.
func (s *shard) idle(sess *Session) time.Duration {
	return time.Duration(s.clock()-sess.lastActive.Load())*tick - tick
}
