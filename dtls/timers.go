package dtls

import "time"

// timers are the deadlines of handshakes, and of last flights that may have to
// be repeated. A session that is neither has no entry.
//
// They are a heap: an entry is due no earlier than the one above it. Each session
// keeps its place, counted from 1, in its field timer: 0 is no place.
type timers struct {
	heap []timer
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
	i := int(s.timer) - 1
	switch {
	case at.IsZero() && i >= 0:
		t.remove(i)
	case at.IsZero():
	case i < 0:
		t.heap = append(t.heap, timer{at, s})
		t.up(len(t.heap) - 1)
	case !t.heap[i].at.Equal(at):
		t.heap[i].at = at
		t.restore(i)
	}
}

func (t *timers) remove(i int) {
	t.heap[i].session.timer = 0
	last := len(t.heap) - 1
	moved := t.heap[last]
	t.heap[last] = timer{}
	t.heap = t.heap[:last]
	if i < last {
		t.put(i, moved)
		t.restore(i)
	}
}

// restore puts an entry whose deadline is another one where it belongs.
func (t *timers) restore(i int) {
	if !t.up(i) {
		t.down(i)
	}
}

// up moves an entry up as far as it is due earlier, and reports whether it
// moved.
func (t *timers) up(i int) bool {
	entry, from := t.heap[i], i
	for i > 0 && entry.at.Before(t.heap[(i-1)/2].at) {
		t.put(i, t.heap[(i-1)/2])
		i = (i - 1) / 2
	}
	t.put(i, entry)
	return i != from
}

// down moves an entry down as far as those below are due earlier.
func (t *timers) down(i int) {
	entry := t.heap[i]
	for {
		below := 2*i + 1
		if below+1 < len(t.heap) && t.heap[below+1].at.Before(t.heap[below].at) {
			below++
		}
		if below >= len(t.heap) || !t.heap[below].at.Before(entry.at) {
			break
		}
		t.put(i, t.heap[below])
		i = below
	}
	t.put(i, entry)
}

func (t *timers) put(i int, entry timer) {
	t.heap[i] = entry
	entry.session.timer = int32(i + 1)
}
