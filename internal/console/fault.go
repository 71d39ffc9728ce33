package console

import (
	"errors"
	"fmt"
)

// A fault is an error and what to do about it.
type fault struct {
	err  error
	hint string
}

func faultf(hint, format string, args ...any) error {
	return &fault{fmt.Errorf(format, args...), hint}
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }
func (f *fault) Hint() string  { return f.hint }

// hintOf returns what an error says about what to do, or "".
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
