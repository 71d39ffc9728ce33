package load

import (
	"math/bits"
	"time"
)

// Each power of two of nanoseconds has this many buckets, so that what a
// histogram says is off by 3 % at most.
const (
	subBits = 5
	sub     = 1 << subBits
)

// maxLatency is the longest time that is told from longer ones: 18 minutes.
const maxLatency = 1<<40 - 1

// A histogram counts times. It has a fixed size, whatever their number.
type histogram struct {
	counts [(40 - subBits + 1) * sub]uint64
	total  uint64
	max    time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(d)]++
	h.total++
	h.max = max(h.max, d)
}

func bucketOf(d time.Duration) int {
	v := uint64(min(max(d, 0), maxLatency))
	if v < sub {
		return int(v)
	}
	shift := bits.Len64(v) - subBits - 1
	return shift*sub + int(v>>shift)
}

// ceilingOf returns the longest time that falls into a bucket.
func ceilingOf(bucket int) time.Duration {
	if bucket < 2*sub {
		return time.Duration(bucket)
	}
	shift := bucket/sub - 1
	return time.Duration((bucket%sub+sub+1)<<shift - 1)
}

// merge adds what other counted.
func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// quantile returns the time that a share q of all do not exceed, 0 where there
// are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(q * float64(h.total))
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if n > 0 && seen > rank || seen == h.total && seen > 0 {
			return min(ceilingOf(i), h.max)
		}
	}
	return 0
}
