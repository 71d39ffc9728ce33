package interop

import (
	"regexp"
	"strings"
	"sync"
)

// A transcript collects what a program prints, on both of its output streams, and wakes those who wait for more.
// It may be used from several goroutines.
type transcript struct {
	mu      sync.Mutex
	text    []byte
	changed chan struct{} // closed and replaced at every change
}

func newTranscript() *transcript {
	return &transcript{changed: make(chan struct{})}
}

// Write appends b. It never fails.
func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	close(t.changed)
	t.changed = make(chan struct{})
	return len(b), nil
}

// String returns everything so far.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// find returns the first match of pattern and its groups, or nil and a channel that is closed at the next change.
func (t *transcript) find(pattern *regexp.Regexp) ([]string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	groups := pattern.FindSubmatch(t.text)
	if groups == nil {
		return nil, t.changed
	}
	texts := make([]string, len(groups))
	for i, g := range groups {
		texts[i] = string(g)
	}
	return texts, nil
}

// lastLines returns the last n lines of a text that are not empty.
func lastLines(text string, n int) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
