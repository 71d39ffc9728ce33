package dtls

import (
	"runtime"
	"sync"
)

// workers run jobs on a bounded number of goroutines, which exist only while
// there are jobs: there is nothing to stop.
//
// The queue has no bound of its own. What queues a job bounds their number:
// a handshake has at most one at a time.
type workers struct {
	limit int

	mu      sync.Mutex
	running int
	queue   []func()
}

func newWorkers(limit int) *workers { return &workers{limit: max(limit, 1)} }

// do runs job soon.
func (w *workers) do(job func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = append(w.queue, job)
	if w.running < w.limit {
		w.running++
		go w.work()
	}
}

// work runs jobs until there are none. After each it lets others run: the
// shards, above all, which have datagrams to see to.
func (w *workers) work() {
	for job := w.next(); job != nil; job = w.next() {
		job()
		runtime.Gosched()
	}
}

// next returns the oldest job, or nil if the worker is to end.
func (w *workers) next() func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.running--
		return nil
	}
	job := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	return job
}

// waiting returns how many jobs have not begun.
func (w *workers) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}
