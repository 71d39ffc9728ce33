package dtls

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkersRunSoManyJobsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkers(3)
		var running, most, done atomic.Int32
		for range 10 {
			w.do(func() {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second)
				running.Add(-1)
				done.Add(1)
			})
		}
		synctest.Wait()
		if got := w.waiting(); got != 7 {
			t.Errorf("%d jobs wait", got)
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if most.Load() != 3 || done.Load() != 10 || w.running != 0 {
			t.Errorf("%d at a time, %d done, %d goroutines left", most.Load(), done.Load(), w.running)
		}
		w.do(func() { done.Add(1) })
		synctest.Wait()
		if done.Load() != 11 {
			t.Error("no job is done after a pause")
		}
	})
}

func TestSingleWorkerKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorkers(0) // there is always one
		var order []int
		for i := range 100 {
			w.do(func() { order = append(order, i) })
		}
		synctest.Wait()
		for i, got := range order {
			if got != i {
				t.Fatalf("job %d came at place %d", got, i)
			}
		}
	})
}
