//go:build !linux

package load

import (
	"errors"
	"time"
)

// processCPU is not known how to be had on this platform.
func processCPU(int) (time.Duration, error) {
	return 0, errors.New("the processor time of a process can be read on Linux only")
}

func ownCPU() time.Duration { return 0 }
