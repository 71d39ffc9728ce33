package daemon

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A memoryKeeper sets the garbage collector to what the server holds. By itself
// it lets as much garbage lie about as there is live memory, which is little for
// few sessions and far too much for a million.
type memoryKeeper struct {
	percent   int       // that is set
	cycle     uint64    // the last collection that was seen
	collected time.Time // when it was seen
	allocated uint64    // bytes, when memory was last given back
}

// A memoryReading is what the runtime says.
type memoryReading struct {
	live      uint64 // bytes that the last collection found in use
	allocated uint64 // bytes since the start
	cycle     uint64 // collections since the start
}

const (
	memoryPace = 5 * time.Second

	// Garbage may be an eighth of what is in use, or leastGarbage: a quiet
	// server seldom collects.
	garbageShare = 8
	leastGarbage = 16 << 20 // bytes
	mostPercent  = 400

	// After calmTime without a collection there is little to do, and garbage is
	// collected and given back, if as much as calmGarbage, or a calmShare of what is
	// in use, was allocated since the last time. After restTime sessions have fallen
	// asleep as well: what they had is far more than what it took to put them to
	// sleep, and restGarbage will do.
	calmTime    = 10 * time.Second
	calmGarbage = 4 << 20 // bytes
	calmShare   = 16
	restTime    = 40 * time.Second
	restGarbage = 64 << 10 // bytes
)

// keepMemory looks after the collector until ctx ends. Whoever sets it by
// environment variables is left alone.
func (d *Service) keepMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	d.inform("Garbage collection follows what is in use; GOGC and GOMEMLIMIT overrule it")
	before := debug.SetGCPercent(mostPercent)
	go func() {
		defer debug.SetGCPercent(before)
		k := memoryKeeper{percent: mostPercent, collected: time.Now()}
		ticks := time.NewTicker(memoryPace)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-ticks.C:
				k.look(now, readMemory())
			}
		}
	}()
}

func (k *memoryKeeper) look(now time.Time, r memoryReading) {
	if percent := garbagePercent(r.live); percent != k.percent {
		k.percent = percent
		debug.SetGCPercent(percent)
	}
	if k.isCalm(now, r) {
		debug.FreeOSMemory()
	}
}

// garbagePercent returns how much garbage there may be for that much live memory.
func garbagePercent(live uint64) int {
	garbage := max(live/garbageShare, leastGarbage)
	return int(min(100*garbage/max(live, 1), mostPercent))
}

// isCalm reports whether there was no collection for a while, and something to
// collect.
func (k *memoryKeeper) isCalm(now time.Time, r memoryReading) bool {
	if r.cycle != k.cycle {
		k.cycle, k.collected = r.cycle, now
		return false
	}
	quiet, allocated := now.Sub(k.collected), r.allocated-k.allocated
	calm := quiet >= calmTime && allocated >= max(r.live/calmShare, calmGarbage)
	if rest := quiet >= restTime && allocated >= restGarbage; !calm && !rest {
		return false
	}
	k.collected, k.allocated = now, r.allocated
	return true
}

func readMemory() memoryReading {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
	}
	metrics.Read(samples)
	return memoryReading{samples[0].Value.Uint64(), samples[1].Value.Uint64(), samples[2].Value.Uint64()}
}
