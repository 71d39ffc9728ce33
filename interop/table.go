package interop

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
)

// A Result is one line of the table that the run prints at its end.
type Result struct {
	Peer  string
	Role  string // of the peer
	Suite string
	How   string // the authentication, and what else was special
	Err   error  // nil: the row passed

	Skipped bool // the row was not tried, for the reason in Err
}

// A Table collects results. It may be used from several goroutines.
type Table struct {
	mu   sync.Mutex
	rows []Result
}

// Add appends a row.
func (t *Table) Add(r Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// Failures returns how many rows of a peer failed so far.
func (t *Table) Failures(peer string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, r := range t.rows {
		if r.Peer == peer && r.Err != nil && !r.Skipped {
			n++
		}
	}
	return n
}

// firstAndLast returns the first and the last line of an error: what was wanted, and what the program said instead.
func firstAndLast(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) == 1 {
		return lines[0]
	}
	return lines[0] + " ... " + strings.TrimSpace(lines[len(lines)-1])
}

// WriteTo prints the rows, peer by peer, and how many of them passed.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := slices.Clone(t.rows)
	slices.SortStableFunc(rows, func(a, b Result) int { return cmp.Compare(a.Peer, b.Peer) })
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, "PEER\tROLE\tSUITE\tAUTHENTICATION\tRESULT")
	passed := 0
	for _, r := range rows {
		result := "ok"
		switch {
		case r.Err == nil:
			passed++
		case r.Skipped:
			result = "SKIPPED: " + r.Err.Error()
		default:
			result = "FAILED: " + firstAndLast(r.Err.Error())
		}
		fmt.Fprintf(columns, "%s\t%s\t%s\t%s\t%s\n", r.Peer, r.Role, r.Suite, r.How, result)
	}
	columns.Flush()
	fmt.Fprintf(&text, "%d of %d rows passed\n", passed, len(rows))
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}
