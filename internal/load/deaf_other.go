//go:build !linux

package load

import (
	"errors"
	"syscall"
)

// dropAll is not known how to be done on this platform.
func dropAll(syscall.RawConn) error { return errors.ErrUnsupported }
