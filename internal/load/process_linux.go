package load

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// processCPU reads the clock of a process, which counts nanoseconds. Its number
// is made of the process's as clock_getcpuclockid(3) does.
func processCPU(pid int) (time.Duration, error) {
	const clockSched = 2 // the time that the scheduler gave
	var t unix.Timespec
	err := unix.ClockGettime(int32(^pid<<3|clockSched), &t)
	if errors.Is(err, unix.EINVAL) {
		return 0, fmt.Errorf("there is no process %d", pid)
	}
	if err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// ownCPU returns the time that we have used.
func ownCPU() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
