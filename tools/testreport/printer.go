package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A printer writes down the run of tests while it goes on. What a test prints
// is kept until the test is over, and shown only if it did not pass.
type printer struct {
	w       io.Writer
	verbose bool
	kept    map[testID][]string // output of tests that are still running
	tests   map[string]int      // test functions that ended, by package
}

func newPrinter(w io.Writer, verbose bool) *printer {
	return &printer{
		w:       w,
		verbose: verbose,
		kept:    make(map[testID][]string),
		tests:   make(map[string]int),
	}
}

func (p *printer) print(e event) {
	switch e.Action {
	case "output":
		p.output(e)
	case "", "build-output":
		p.write(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			p.endPackage(e)
		} else {
			p.endTest(e)
		}
	}
}

func (p *printer) output(e event) {
	switch {
	case isChatter(e):
	case e.Test == "":
		p.write(e.Output)
	default:
		p.kept[e.id()] = append(p.kept[e.id()], e.Output)
	}
}

func (p *printer) endTest(e event) {
	lines := p.kept[e.id()]
	delete(p.kept, e.id())
	if e.id().topLevel() {
		p.tests[e.Package]++
	}
	switch {
	case e.Action == "fail":
		fmt.Fprintf(p.w, "--- failed: %s\n", e.id())
		p.write(lines...)
	case e.Action == "skip":
		fmt.Fprintf(p.w, "--- skipped: %s: %s\n", e.id(), oneLine(lines))
	case p.verbose && e.id().topLevel():
		fmt.Fprintf(p.w, "     %s (%.1fs)\n", e.Test, e.Elapsed)
	}
}

func (p *printer) endPackage(e event) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(p.w, "ok   %s: %d tests in %.1fs\n", e.Package, p.tests[e.Package], e.Elapsed)
	case "fail":
		p.writeUnfinished(e.Package)
		fmt.Fprintf(p.w, "FAIL %s in %.1fs\n", e.Package, e.Elapsed)
	}
}

// writeUnfinished shows the output of the tests that a crash or a time-out of
// the package cut off.
func (p *printer) writeUnfinished(pkg string) {
	var cut []string
	for id := range p.kept {
		if id.pkg == pkg {
			cut = append(cut, id.test)
		}
	}
	slices.Sort(cut)
	for _, test := range cut {
		id := testID{pkg, test}
		fmt.Fprintf(p.w, "--- cut off: %s\n", id)
		p.write(p.kept[id]...)
		delete(p.kept, id)
	}
}

func (p *printer) write(lines ...string) {
	for _, line := range lines {
		io.WriteString(p.w, line)
	}
}

func oneLine(lines []string) string {
	return strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}

// isChatter reports whether a line of output repeats what the events say anyway.
func isChatter(e event) bool {
	if e.Test == "" {
		return e.Output == "PASS\n" || hasAnyPrefix(e.Output, "FAIL", "ok  \t", "?   \t", "exit status ")
	}
	return hasAnyPrefix(strings.TrimLeft(e.Output, " "), "=== ", "--- PASS: ", "--- FAIL: ", "--- SKIP: ")
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}
