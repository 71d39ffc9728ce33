package daemon

import (
	"testing"
	"time"
)

func TestGarbageFollowsWhatIsInUse(t *testing.T) {
	const mb = 1 << 20
	for _, test := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 * mb, 400}, {4 * mb, 400}, {16 * mb, 100}, {64 * mb, 25}, {128 * mb, 12}, {500 * mb, 12}} {
		if got := garbagePercent(test.live); got != test.want {
			t.Errorf("%d MB in use: %d %%, want %d %%", test.live/mb, got, test.want)
		}
	}
}

func TestMemoryIsGivenBackOnceItIsCalm(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	k := memoryKeeper{collected: now}
	for _, step := range []struct {
		after     time.Duration
		allocated uint64
		cycle     uint64
		want      bool
	}{
		{5 * time.Second, calmGarbage, 1, false},
		{calmTime - time.Second, calmGarbage, 1, false},
		{time.Second, calmGarbage, 1, true},
		{5 * time.Second, calmGarbage, 2, false}, // that was the collection
		{calmTime, 2*calmGarbage - 1, 2, false},  // nothing to collect
		{5 * time.Second, 2 * calmGarbage, 2, true},
		{5 * time.Second, 4 * calmGarbage, 3, false},
		{calmTime - time.Second, 6 * calmGarbage, 4, false}, // it collects by itself
		{calmTime - time.Second, 8 * calmGarbage, 4, false},
		{time.Second, 8 * calmGarbage, 4, true},
		{5 * time.Second, 8 * calmGarbage, 5, false},
		{restTime, 8*calmGarbage + restGarbage - 1, 5, false}, // nothing has happened
		{time.Second, 8*calmGarbage + restGarbage, 5, true},   // sessions have fallen asleep
	} {
		now = now.Add(step.after)
		if got := k.isCalm(now, memoryReading{allocated: step.allocated, cycle: step.cycle}); got != step.want {
			t.Errorf("%+v: calm %v", step, got)
		}
	}
}

func TestMuchInUseIsNotCollectedForLittle(t *testing.T) {
	k := memoryKeeper{}
	r := memoryReading{live: 100 * calmShare * calmGarbage, allocated: 100*calmGarbage - 1}
	now := time.Time{}.Add(calmTime)
	if k.isCalm(now, r) {
		t.Error("a large heap was collected for what was allocated in a moment")
	}
	if r.allocated++; !k.isCalm(now, r) {
		t.Error("a large heap was not collected")
	}
}

func TestTheRuntimeSaysWhatIsInUse(t *testing.T) {
	if r := readMemory(); r.allocated == 0 {
		t.Errorf("%+v", r)
	}
}
