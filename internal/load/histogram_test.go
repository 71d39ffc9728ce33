package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestEveryTimeFallsIntoABucketThatHoldsIt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		d := time.Duration(random.Uint64() >> (24 + random.UintN(40)))
		ceiling := ceilingOf(bucketOf(d))
		if ceiling < d || float64(ceiling-d) > float64(d)/sub {
			t.Fatalf("%d falls into a bucket that ends at %d", d, ceiling)
		}
		if next := bucketOf(ceiling + 1); ceiling < maxLatency && next != bucketOf(d)+1 {
			t.Fatalf("after the bucket of %d comes %d, not %d", d, next, bucketOf(d)+1)
		}
	}
	if got, last := bucketOf(1<<62), len(histogram{}.counts)-1; got != last {
		t.Errorf("an endless time falls into bucket %d of %d", got, last)
	}
	if bucketOf(-1) != 0 {
		t.Error("a time before it began is not taken for none")
	}
}

func TestQuantilesAreThoseOfTheSortedTimes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var halves [2]histogram
	var times []time.Duration
	for i := range 10_001 {
		d := time.Duration(random.ExpFloat64() * float64(time.Millisecond))
		times = append(times, d)
		halves[i%2].add(d)
	}
	slices.Sort(times)
	whole := &halves[0]
	whole.merge(&halves[1])
	for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999} {
		got, want := whole.quantile(q), times[int(q*float64(len(times)))]
		if got < want || float64(got-want) > float64(want)/sub+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if whole.max != times[len(times)-1] || whole.quantile(1) != whole.max {
		t.Errorf("the longest is %v or %v, want %v", whole.max, whole.quantile(1), times[len(times)-1])
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("half of nothing took %v", got)
	}
}

func TestHistogramDoesNotAllocate(t *testing.T) {
	var h histogram
	if n := testing.AllocsPerRun(100, func() { h.add(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
