package udp

import "testing"

// A reading is what reads find: how many datagrams, and whether they had to be
// waited for.
type reading struct {
	n       int
	blocked bool
}

// pauses returns how many of so many reads were preceded by a pause.
func pauses(g *gatherer, reads int, find func(paused bool) reading) int {
	paused, total := false, 0
	g.pause = func() { paused = true; total++ }
	last := 0
	for range reads {
		paused = false
		g.before(last)
		r := find(paused)
		g.after(r.n, r.blocked)
		last = r.n
	}
	return total
}

func TestGatheringGoesOnWhereItPays(t *testing.T) {
	got := pauses(&gatherer{}, 1000, func(paused bool) reading {
		if paused {
			return reading{n: 6}
		}
		return reading{n: 2}
	})
	if got != 999 { // there is nothing before the first one
		t.Errorf("%d pauses in 1000 reads", got)
	}
}

// A peer that waits for each answer, and a socket that is mostly quiet, have
// nothing to gain.
func TestGatheringInVainIsRare(t *testing.T) {
	for _, r := range []reading{{1, true}, {1, false}, {16, true}} {
		if got := pauses(&gatherer{}, 100_000, func(bool) reading { return r }); got > 40 {
			t.Errorf("%+v: %d pauses in 100,000 reads", r, got)
		}
	}
}

func TestFullBatchesAreNotWaitedFor(t *testing.T) {
	full := func(bool) reading { return reading{n: gatherEnough} }
	if got := pauses(&gatherer{}, 1000, full); got != 0 {
		t.Errorf("%d pauses", got)
	}
	if got := pauses(&gatherer{off: true}, 1000, func(bool) reading { return reading{n: 6} }); got != 0 {
		t.Errorf("%d pauses of a gatherer that is off", got)
	}
}
