package udp

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// gatherTime is how long a read waits for more. The kernel adds the slack of
	// its timers, which is as much again.
	gatherTime = 50 * time.Microsecond
	// gatherGoal is how many datagrams make up for that.
	gatherGoal = 2
	// gatherEnough is how many come in one batch without waiting where there is
	// nothing to gain.
	gatherEnough = 32
	// maxDoubt bounds the batches between two tries.
	maxDoubt = 4096
)

// A gatherer has a busy socket read less often. A reader that is faster than the
// senders would be woken for every few datagrams, and a system call and its way
// through the scheduler cost as much as several of them. So the socket is left
// alone for a moment, as network cards do, if that has paid before: it does where
// many peers send at the same time. It does not where one peer waits for an answer
// before it goes on, and after each try in vain there are more reads until the
// next one.
type gatherer struct {
	doubt  int // reads between the next two tries
	wait   int // reads until the next try
	waited bool
	off    bool
	pause  func() // sleeps for gatherTime
}

// before is called before each read. last is how many datagrams the one before
// brought at once.
func (g *gatherer) before(last int) {
	g.waited = false
	switch {
	case g.off:
	case g.wait > 0:
		g.wait--
	case last > 0 && last < gatherEnough:
		g.waited = true
		g.pause()
	}
}

// after is called after each read, which brought n datagrams, blocked or at once.
func (g *gatherer) after(n int, blocked bool) {
	switch {
	case !g.waited:
	case !blocked && n >= gatherGoal:
		g.doubt = 0
	default:
		g.doubt = min(2*g.doubt+16, maxDoubt)
		g.wait = g.doubt
	}
}

// pause has the processor sleep for gatherTime, unless other goroutines want it:
// then the time that they take is the pause. The runtime's own timers are no help.
// Nothing of theirs that is shorter than a millisecond ends on time where there is
// nothing else to do, and a system call that the scheduler is told of would have
// threads hand the processor back and forth.
func pause() {
	before := time.Now()
	runtime.Gosched()
	if time.Since(before) >= gatherTime/2 {
		return
	}
	d := unix.NsecToTimespec(int64(gatherTime))
	syscall.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&d)), 0, 0)
}
