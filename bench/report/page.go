// Package report writes down what was measured: a page, a table for the terminal
// and a chart.
package report

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/bench/plan"
	"github.com/dtlsd/dtlsd/bench/sample"
)

// A Row is a row with what was measured of it.
type Row struct {
	plan.Row
	Rounds sample.Rounds
}

// A Machine says where the measurement was taken, in lines of a name and a value.
type Machine [][2]string

// method is the part of the page that does not depend on the figures.
//
//go:embed method.md
var method string

// Page returns the whole page. Remarks is what people have to say about misses;
// it may be empty.
func Page(rows []Row, machine Machine, remarks string) string {
	var b strings.Builder
	b.WriteString("# Performance\n\n")
	b.WriteString("What dtlsd costs beside other DTLS servers and beside plain UDP. `make bench` wrote this page: change\n")
	b.WriteString("`bench/report`, not the page.\n\n")
	b.WriteString("![Costs of the servers, a panel for each kind of work](images/performance.svg)\n\n")
	b.WriteString("## Targets\n\n")
	b.WriteString(provenance(rows))
	b.WriteString("\n")
	targetTable(&b, rows)
	if remarks = strings.TrimSpace(remarks); remarks != "" {
		b.WriteString("\n## Remarks\n\n" + remarks + "\n")
	}
	b.WriteString("\n## Machine\n\n| | |\n|---|---|\n")
	for _, line := range machine {
		fmt.Fprintf(&b, "| %s | %s |\n", line[0], line[1])
	}
	b.WriteString("\n" + strings.TrimSpace(method) + "\n\n## Figures\n\nMedians; in brackets the lowest and the highest.\n")
	for _, row := range rows {
		figures(&b, row)
	}
	return b.String()
}

// tooBusy is a load average that the server and the generator do not reach.
const tooBusy = 4

// provenance says when and of which commits the samples were taken.
func provenance(rows []Row) string {
	var days, commits []string
	var busiest float64
	for _, row := range rows {
		for _, s := range row.Rounds.Samples() {
			days = append(days, s.Time.Format("2006-01-02"))
			commits = append(commits, s.Commit)
			busiest = max(busiest, s.Busy)
		}
	}
	if len(days) == 0 {
		return "Nothing was measured yet.\n"
	}
	slices.Sort(days)
	slices.Sort(commits)
	days, commits = slices.Compact(days), slices.Compact(commits)
	when := days[0]
	if last := days[len(days)-1]; last != when {
		when += " to " + last
	}
	text := fmt.Sprintf("Measured on %s, commit %s.\n", when, strings.Join(commits, ", "))
	if busiest > tooBusy {
		text += fmt.Sprintf("**Other programs ran beside it** (the load average was up to %.1f, of which two are ours): measure again.\n", busiest)
	}
	return text
}

func targetTable(b *strings.Builder, rows []Row) {
	b.WriteString("| Work | Target | Result | |\n|---|---|---|---|\n")
	for _, row := range rows {
		for i, target := range row.Targets {
			title := row.Title
			if i > 0 {
				title = ""
			}
			result, verdict := outcome(target, row.Rounds)
			if verdict == "miss" {
				verdict = "**miss**"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", title, target.Text, result, verdict)
		}
	}
}

// outcome describes what became of a target.
func outcome(t plan.Target, rounds sample.Rounds) (result, verdict string) {
	v := t.Judge(rounds)
	if v.Missing != "" {
		return v.Missing, "not measured"
	}
	unit, digits := t.Unit, 0
	if unit == "" {
		unit, digits = "x", 2
	}
	result = spread(v.Shown, digits, " "+unit)
	if v.Best != "" {
		result += ", the best being " + v.Best
	}
	if v.Hit {
		return result, "hit"
	}
	return result, "miss"
}

// figures writes the table of all servers of a row.
func figures(b *strings.Builder, row Row) {
	fmt.Fprintf(b, "\n### %s\n\n", row.Title)
	for _, note := range row.Notes {
		b.WriteString(note + "\n\n")
	}
	if row.Rounds.Len() == 0 {
		fmt.Fprintf(b, "Not measured.\n")
		return
	}
	b.WriteString("| Server |")
	for _, column := range row.Columns {
		b.WriteString(" " + column.Title + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(row.Columns)) + "\n")
	for _, label := range row.Rounds.Labels() {
		fmt.Fprintf(b, "| %s |", label)
		for i, column := range row.Columns {
			fmt.Fprintf(b, " %s |", cell(row, label, i, column))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "\n%s; `make bench ROWS=%s`\n", plural(row.Rounds.Len(), "round"), row.Name)
}

// cell is a median, in the first column with its spread, or why there is none.
// Bare operations have nothing but the first.
func cell(row Row, label string, column int, c plan.Column) string {
	series := row.Rounds.Of(label, c.Metric)
	switch {
	case series.Empty() && column == 0:
		return row.Rounds.Error(label)
	case series.Empty(), column > 0 && isBare(row.Rounds, label):
		return ""
	case column == 0:
		return spread(series, c.Digits, "")
	}
	return number(series.Median(), c.Digits)
}

func isBare(rounds sample.Rounds, label string) bool {
	return slices.ContainsFunc(rounds.Samples(), func(s sample.Sample) bool {
		return s.Label == label && s.Result.Scenario == "bare"
	})
}

// spread is a median with the lowest and highest value, if there are several.
func spread(s sample.Series, digits int, unit string) string {
	text := number(s.Median(), digits) + unit
	if s.Min() != s.Max() {
		text += fmt.Sprintf(" (%s to %s)", number(s.Min(), digits), number(s.Max(), digits))
	}
	return text
}

// number writes large numbers with commas between the thousands.
func number(value float64, digits int) string {
	if math.IsNaN(value) {
		return "-"
	}
	text := fmt.Sprintf("%.*f", digits, value)
	whole, fraction, _ := strings.Cut(text, ".")
	for at := len(whole) - 3; at > 0 && whole[at-1] != '-'; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
