package dtls

import (
	"testing"
	"time"
)

func TestLineLimit(t *testing.T) {
	var l lineLimit
	now := virtualStart
	shown := 0
	for range 20 {
		if l.allow(now) {
			shown++
		}
	}
	if shown != maxUnverifiedLines || l.due() != now.Add(time.Second) || l.settle(now) != 0 {
		t.Errorf("%d lines shown, accounted for at %v", shown, l.due())
	}
	// Until the hidden lines are accounted for, no other comes before that.
	now = now.Add(time.Second)
	if l.allow(now) {
		t.Error("a line before `N more not shown`")
	}
	if got := l.settle(now); got != 20-maxUnverifiedLines+1 {
		t.Errorf("%d hidden", got)
	}
	if !l.due().IsZero() || l.settle(now) != 0 || !l.allow(now) {
		t.Error("nothing is left to account for, and lines may be shown again")
	}
}
