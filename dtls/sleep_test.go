package dtls

import (
	"testing"
	"testing/synctest"
	"time"
)

// lullTime is how long it takes until idle sessions sleep.
const lullTime = trimTime + 10*time.Second

// lull lets everybody fall asleep, and checks that so many sessions of the server
// do.
func (w *world) lull(want int) {
	w.t.Helper()
	time.Sleep(lullTime)
	synctest.Wait()
	if got := w.asleep(); got != want {
		w.t.Fatalf("%d sessions sleep, want %d", got, want)
	}
}

// asleep returns how many of the server's sessions sleep.
func (w *world) asleep() int {
	n := 0
	for _, sh := range w.srv.shards {
		n += sh.asleep()
	}
	return n
}

func (s *shard) asleep() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, sess := range s.table.slots {
		if sess != nil && sess.live == nil {
			n++
		}
	}
	return n
}

func TestIdleSessionSleepsAndWakes(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		c := w.dial(clientAddress, clientConfig())
		defer c.Close()
		for range 3 {
			w.wantEcho(c, "good evening")
			w.lull(1)
			if got := c.dialled.shard.asleep(); got != 1 {
				t.Error("the client does not sleep")
			}
			w.wantEcho(c, "good morning")
			if w.asleep() != 0 {
				t.Error("the server still sleeps")
			}
		}
		if got := w.srv.Stats(); got.HandshakesStarted != 1 {
			t.Errorf("stats: %+v", got)
		}
	})
}
