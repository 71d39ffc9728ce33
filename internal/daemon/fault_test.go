package daemon

import (
	"errors"
	"io"
	"testing"
)

// hintOf is the hint of err, or nothing.
func hintOf(err error) string {
	var f *Fault
	if errors.As(err, &f) {
		return f.Hint
	}
	return ""
}

func TestFaultKeepsItsHintAndCauseBehindAPlace(t *testing.T) {
	err := faultAt("keys.txt", faultAt("line 3", usageFault("try again", "bad: %w", io.EOF)))
	var f *Fault
	if !errors.As(err, &f) || f.Hint != "try again" || !f.Usage {
		t.Errorf("%#v", err)
	}
	if got := err.Error(); got != "keys.txt: line 3: bad: EOF" {
		t.Errorf("text: %q", got)
	}
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	if plain := faultAt("x", io.EOF); plain.Error() != "x: EOF" || !errors.Is(plain, io.EOF) {
		t.Errorf("plain error: %v", plain)
	}
}
