package load

import (
	"fmt"
	"sync/atomic"
	"time"
)

// watchTime is the time between two lines of progress.
const watchTime = 500 * time.Millisecond

// watch shows how many operations there are until the function that it returns
// is called.
func (g *generator) watch(what string) (stop func()) {
	last, at := uint64(0), time.Now()
	return g.show(func(now time.Time) string {
		t := g.total()
		rate := float64(t.ok-min(last, t.ok)) / now.Sub(at).Seconds()
		last, at = t.ok, now
		return g.progress(what, t, rate)
	})
}

// watchFlood is watch for what is only sent.
func (g *generator) watchFlood(sent *atomic.Uint64) (stop func()) {
	last, at := uint64(0), time.Now()
	return g.show(func(now time.Time) string {
		n := sent.Load()
		rate := float64(n-last) / now.Sub(at).Seconds()
		last, at = n, now
		return fmt.Sprintf("%4.0f s  hellos/s %.0f  sent %d", now.Sub(g.began).Seconds(), rate, n)
	})
}

// show shows a line again and again until the function that it returns is
// called.
func (g *generator) show(line func(now time.Time) string) (stop func()) {
	if g.Progress == nil {
		return func() {}
	}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(watchTime)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				fmt.Fprint(g.Progress, clearLine)
				return
			case now := <-ticker.C:
				fmt.Fprint(g.Progress, clearLine, line(now))
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// clearLine takes a terminal back to the beginning of an empty line.
const clearLine = "\r\x1b[K"

// progress is a line of progress.
func (g *generator) progress(what string, t *tally, rate float64) string {
	line := fmt.Sprintf("%4.0f s  %s/s %.0f  ok %d  failed %d", time.Since(g.began).Seconds(), what, rate, t.ok, t.failed)
	if t.latency.total > 0 {
		line += fmt.Sprintf("  p50 %s  p99 %s", shortly(t.latency.quantile(0.5)), shortly(t.latency.quantile(0.99)))
	}
	if lost := t.lost + t.late + t.bad; lost > 0 {
		line += fmt.Sprintf("  lost %d  late %d  wrong %d", t.lost, t.late, t.bad)
	}
	return line
}

// shortly returns a time with three digits that mean something.
func shortly(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(100 * time.Nanosecond).String()
	}
}
