package load

import "time"

// A pace spreads events evenly over time.
type pace struct {
	rate  float64 // a second
	start time.Duration
	done  uint64
}

// begin begins to count at a time.
func (p *pace) begin(now time.Duration) { p.start, p.done = now, 0 }

// due returns how many events have become due since it was asked last.
func (p *pace) due(now time.Duration) int {
	all := uint64(max(0, (now-p.start).Seconds()*p.rate))
	n := all - min(p.done, all)
	p.done = all
	return int(n)
}
