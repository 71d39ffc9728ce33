package daemon

import (
	"errors"
	"fmt"
)

// A Fault is an error for a person at a terminal.
type Fault struct {
	Err   error
	Hint  string // what to do about it; may be empty
	Usage bool   // the command line or the configuration is wrong, as opposed to the world
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

// usageFault says that dtlsd was asked for something that it cannot mean.
func usageFault(hint, format string, args ...any) error {
	return &Fault{Err: fmt.Errorf(format, args...), Hint: hint, Usage: true}
}

// runFault says that something outside dtlsd is not as it has to be.
func runFault(hint, format string, args ...any) error {
	return &Fault{Err: fmt.Errorf(format, args...), Hint: hint}
}

// faultAt puts where in front of err and keeps its hint.
func faultAt(where string, err error) error {
	var f *Fault
	if !errors.As(err, &f) {
		return fmt.Errorf("%s: %w", where, err)
	}
	return &Fault{Err: fmt.Errorf("%s: %w", where, f.Err), Hint: f.Hint, Usage: f.Usage}
}
