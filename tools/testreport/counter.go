package main

import (
	"fmt"
	"io"
	"slices"
)

// An outcome is what became of a test. A test may run several times, once with
// the race detector and once without; of its outcomes the largest counts.
type outcome int

const (
	skipped outcome = iota + 1
	passed
	failed
)

// A counter sums up runs of tests.
type counter struct {
	tests    map[testID]outcome
	packages map[string]outcome // of the whole package, which can fail without any test
}

func newCounter() *counter {
	return &counter{
		tests:    make(map[testID]outcome),
		packages: make(map[string]outcome),
	}
}

func (c *counter) count(e event) {
	var o outcome
	switch e.Action {
	case "skip":
		o = skipped
	case "pass":
		o = passed
	case "fail":
		o = failed
	default:
		return
	}
	if e.Test == "" {
		c.packages[e.Package] = max(c.packages[e.Package], o)
	} else {
		c.tests[e.id()] = max(c.tests[e.id()], o)
	}
}

// print writes the tests that were never run and then, on a line of its own,
// the counts of test functions. It returns the number of skipped tests and
// subtests. A package that failed without a failed test, because it did not
// compile, say, counts as one failure.
func (c *counter) print(w io.Writer) int {
	var skips []string
	var passes, failures int
	blamed := make(map[string]bool)
	for id, o := range c.tests {
		switch {
		case o == skipped:
			skips = append(skips, id.String())
		case !id.topLevel():
		case o == passed:
			passes++
		case o == failed:
			failures++
			blamed[id.pkg] = true
		}
	}
	for pkg, o := range c.packages {
		if o == failed && !blamed[pkg] {
			failures++
		}
	}
	slices.Sort(skips)
	for _, skip := range skips {
		fmt.Fprintf(w, "never run: %s\n", skip)
	}
	fmt.Fprintf(w, "%d passed, %d failed\n", passes, failures)
	return len(skips)
}
