package load

import (
	"math"
	"testing"
	"time"
)

// watched returns what was seen of a memory, once a second.
func watched(seconds int, kb func(second float64) float64) *memoryWatch {
	m := &memoryWatch{}
	for i := range seconds {
		m.seconds = append(m.seconds, float64(i))
		m.kb = append(m.kb, kb(float64(i)))
	}
	return m
}

func TestMemoryThatGrowsWithoutEndIsAComplaint(t *testing.T) {
	for _, test := range []struct {
		name       string
		seconds    int
		kb         func(float64) float64
		complaints int
	}{
		{"steady", 600, func(float64) float64 { return 50_000 }, 0},
		{"to and fro", 600, func(s float64) float64 { return 50_000 + 20_000*math.Sin(s) }, 0},
		{"a leak", 600, func(s float64) float64 { return 50_000 + 30*s }, 1},
		{"a leak that nobody would find", 600, func(s float64) float64 { return 1_000_000 + 30*s }, 0},
		{"too short", 60, func(s float64) float64 { return 50_000 + 3000*s }, 0},
		{"never seen", 0, nil, 0},
	} {
		r := &Report{}
		watched(test.seconds, test.kb).judge(r)
		if len(r.Complaints) != test.complaints {
			t.Errorf("%s: %d complaints: %q", test.name, len(r.Complaints), r.Complaints)
		}
	}
}

func TestSlopeIsThatOfTheLine(t *testing.T) {
	m := watched(10, func(s float64) float64 { return 5 + 2*s })
	if got := slope(m.seconds, m.kb); math.Abs(got-2) > 1e-9 {
		t.Errorf("slope %v, want 2", got)
	}
	if got := slope([]float64{1}, []float64{1}); got != 0 {
		t.Errorf("slope of a point %v", got)
	}
}

func TestMemoryIsLookedAtOnceASecondAfterItHasSettled(t *testing.T) {
	g := &generator{}
	m := g.watchMemory(time.Hour)
	start := m.from.Add(-memorySettle)
	for s := time.Duration(0); s < 10*time.Minute; s += 100 * time.Millisecond {
		m.look(start.Add(s))
	}
	if want := start.Add(10 * time.Minute); m.next.Before(want.Add(-memoryEvery)) || m.next.After(want.Add(memoryEvery)) {
		t.Errorf("the next look is at %v, ten minutes after the start being %v", m.next, want)
	}
	if len(m.kb) != 0 {
		t.Error("memory of a process that nobody named")
	}
}
