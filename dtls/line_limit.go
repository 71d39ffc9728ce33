package dtls

import (
	"sync"
	"time"
)

// maxUnverifiedLines is how many lines a second there are about peers that
// have not proven anything. Whoever sends a flood must not get a line each.
const maxUnverifiedLines = 5

// A lineLimit rations those lines, of one sort. The shards of a host share it.
type lineLimit struct {
	mu     sync.Mutex
	until  time.Time // end of the current second
	shown  int
	hidden int
}

// allow reports whether a line may be shown now.
func (l *lineLimit) allow(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until) && l.shown == maxUnverifiedLines || l.hidden > 0 {
		l.hidden++
		return false
	}
	if !now.Before(l.until) {
		l.until = now.Add(time.Second)
		l.shown = 0
	}
	l.shown++
	return true
}

// due returns when hidden lines have to be accounted for, or the zero time.
func (l *lineLimit) due() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hidden == 0 {
		return time.Time{}
	}
	return l.until
}

// settle returns how many lines were hidden in the second that is over, once.
func (l *lineLimit) settle(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hidden == 0 || now.Before(l.until) {
		return 0
	}
	hidden := l.hidden
	l.hidden = 0
	return hidden
}
