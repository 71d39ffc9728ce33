package dtls

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestTimersComeInOrder(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, seed))
	var timers timers
	sessions := make([]*Session, 100)
	for i := range sessions {
		sessions[i] = sessionAt(i)
	}
	at := make(map[*Session]time.Time)
	for range 5000 {
		s := sessions[random.IntN(len(sessions))]
		var when time.Time
		if random.IntN(3) > 0 {
			when = virtualStart.Add(time.Duration(random.IntN(1000)) * time.Second)
			at[s] = when
		} else {
			delete(at, s)
		}
		timers.set(s, when)
	}
	if len(timers.heap) != len(at) {
		t.Fatalf("seed %d: %d timers, want %d", seed, len(timers.heap), len(at))
	}
	last := time.Time{}
	for len(at) > 0 {
		next := timers.next()
		if timers.due(next.Add(-1)) != nil {
			t.Fatalf("seed %d: a timer is early", seed)
		}
		s := timers.due(next)
		if s == nil || !at[s].Equal(next) || next.Before(last) {
			t.Fatalf("seed %d: %v is due at %v, set to %v", seed, s, next, at[s])
		}
		timers.set(s, time.Time{})
		delete(at, s)
		last = next
	}
	if !timers.next().IsZero() || timers.due(virtualStart.AddDate(9, 0, 0)) != nil {
		t.Error("timers are left")
	}
}
