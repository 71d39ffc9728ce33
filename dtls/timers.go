package dtls

import (
	"container/heap"
	"time"
)

// timers are the deadlines of handshakes, and of last flights that may have to
// be repeated. A session that is neither has no entry.
type timers struct {
	heap timerHeap
}

type timer struct {
	at      time.Time
	session *Session
}

// next returns the earliest deadline, or the zero time.
func (t *timers) next() time.Time {
	if len(t.heap) == 0 {
		return time.Time{}
	}
	return t.heap[0].at
}

// due returns a session whose deadline has come, or nil.
func (t *timers) due(now time.Time) *Session {
	if len(t.heap) == 0 || now.Before(t.heap[0].at) {
		return nil
	}
	return t.heap[0].session
}

// set moves the deadline of s; the zero time removes it.
func (t *timers) set(s *Session, at time.Time) {
	switch scheduled := s.timer > 0; {
	case at.IsZero() && scheduled:
		heap.Remove(&t.heap, int(s.timer-1))
	case at.IsZero():
	case !scheduled:
		heap.Push(&t.heap, timer{at, s})
	case !t.heap[s.timer-1].at.Equal(at):
		t.heap[s.timer-1].at = at
		heap.Fix(&t.heap, int(s.timer-1))
	}
}

// A timerHeap keeps the place of each session, counted from 1, in its field
// timer: 0 is no place.
type timerHeap []timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].session.timer = int32(i + 1)
	h[j].session.timer = int32(j + 1)
}

func (h *timerHeap) Push(x any) {
	t := x.(timer)
	*h = append(*h, t)
	t.session.timer = int32(len(*h))
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = timer{}
	*h = (*h)[:last]
	t.session.timer = 0
	return t
}
