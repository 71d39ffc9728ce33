package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/dtlsd/dtlsd/bench/plan"
)

// Terminal prints the first figure of every server of each row, and the targets.
func Terminal(w io.Writer, rows []Row) error {
	for _, row := range rows {
		first := row.Columns[0]
		fmt.Fprintf(w, "\n%s; %s\n", row.Title, first.Title)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, label := range row.Rounds.Labels() {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", label, cell(row, label, 0, first), ratioToOurs(row, label))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		for _, target := range row.Targets {
			result, verdict := outcome(target, row.Rounds)
			fmt.Fprintf(w, "  -> %s: %s, %s\n", target.Text, verdict, result)
		}
	}
	return nil
}

// ratioToOurs is how many times what we cost another one does, in the same round.
func ratioToOurs(row Row, label string) string {
	metric := row.Columns[0].Metric
	ratio := row.Rounds.Of(label, metric).Over(row.Rounds.Of(plan.Subject, metric))
	if label == plan.Subject || ratio.Empty() {
		return ""
	}
	return number(ratio.Median(), 2) + " x"
}
