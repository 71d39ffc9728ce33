package dtls

import "time"

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
		t.heap.remove(int(s.timer - 1))
	case at.IsZero():
	case !scheduled:
		t.heap.push(timer{at, s})
	case !t.heap[s.timer-1].at.Equal(at):
		t.heap[s.timer-1].at = at
		t.heap.fix(int(s.timer - 1))
	}
}

// A timerHeap has no timer that is due before the one at half of its place. It
// keeps the place of each session, counted from 1, in its field timer: 0 is no
// place. Unlike package container/heap it allocates nothing but room to grow.
type timerHeap []timer

func (h *timerHeap) push(t timer) {
	*h = append(*h, t)
	t.session.timer = int32(len(*h))
	h.rise(len(*h) - 1)
}

func (h *timerHeap) remove(i int) {
	last := len(*h) - 1
	if i != last {
		h.swap(i, last)
	}
	(*h)[last].session.timer = 0
	(*h)[last] = timer{}
	*h = (*h)[:last]
	if i != last {
		h.fix(i)
	}
}

// fix finds the place of a timer that was changed.
func (h timerHeap) fix(i int) {
	if !h.sink(i) {
		h.rise(i)
	}
}

func (h timerHeap) rise(i int) {
	for parent := (i - 1) / 2; i > 0 && h[i].at.Before(h[parent].at); parent = (i - 1) / 2 {
		h.swap(i, parent)
		i = parent
	}
}

// sink reports whether the timer moved.
func (h timerHeap) sink(i int) bool {
	from := i
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if other := child + 1; other < len(h) && h[other].at.Before(h[child].at) {
			child = other
		}
		if !h[child].at.Before(h[i].at) {
			break
		}
		h.swap(i, child)
		i = child
	}
	return i > from
}

func (h timerHeap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].session.timer = int32(i + 1)
	h[j].session.timer = int32(j + 1)
}
