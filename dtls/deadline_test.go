package dtls

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadlineMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deadline
		start := time.Now()
		first := d.wait()
		d.set(start.Add(time.Hour))
		d.set(start.Add(time.Second))
		<-first
		if got := time.Since(start); got != time.Second {
			t.Errorf("passed after %v", got)
		}
		if !isClosed(d.wait()) {
			t.Error("it has passed, and does not say so")
		}
		d.set(time.Time{})
		if isClosed(d.wait()) {
			t.Error("there is none, and it has passed")
		}
		d.set(start)
		if !isClosed(d.wait()) {
			t.Error("it is in the past")
		}
	})
}
