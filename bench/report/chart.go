package report

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/bench/plan"
)

// Measures of the chart, in pixels.
const (
	chartWidth  = 960
	margin      = 24
	gap         = 40 // between the two columns
	panelWidth  = (chartWidth - 2*margin - gap) / 2
	titleHeight = 30
	barHeight   = 16
	barPitch    = 23
	panelGap    = 26
	labelWidth  = 124
	figureWidth = 112
	heading     = 76
)

// style follows the reader's choice of light or dark.
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.head { font-size: 19px; font-weight: 600; }
.panel { font-size: 14px; font-weight: 600; }
.quiet, .sub { fill: #59636e; }
.ground { fill: #ffffff; }
.bar { fill: #a8b1bb; }
.floor { fill: #d5dae0; }
.ours { fill: #1f6feb; }
.mine { font-weight: 600; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.quiet, .sub { fill: #9198a1; }
.ground { fill: #0d1117; }
.bar { fill: #656d77; }
.floor { fill: #3d444d; }
.ours { fill: #4493f8; }
}
</style>
`

// A bar is one server in a panel.
type bar struct {
	label string
	value float64 // median of the first column
	ratio float64 // to ours, within the rounds; NaN if there is none
}

// Chart returns a drawing in SVG with a panel for each row that is meant to be in
// it and was measured: the shorter a bar, the cheaper the server.
func Chart(rows []Row) string {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !r.Chart || len(bars(r)) == 0 })
	var panels strings.Builder
	heights := [2]int{heading, heading}
	for _, row := range rows {
		column := 0
		if heights[1] < heights[0] {
			column = 1
		}
		panel(&panels, row, margin+column*(panelWidth+gap), heights[column])
		heights[column] += titleHeight + barPitch*len(bars(row)) + panelGap
	}
	height := max(heights[0], heights[1])
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", chartWidth, height, chartWidth, height)
	b.WriteString("<title>Costs of DTLS servers</title>\n" + style)
	fmt.Fprintf(&b, `<rect class="ground" width="%d" height="%d"/>`+"\n", chartWidth, height)
	write(&b, margin, 34, "head", "start", "What a server costs")
	write(&b, margin, 56, "sub", "start", "Server CPU per echo, handshake or hello, and memory per session; then how many times the cost of dtlsd. Shorter is better.")
	b.WriteString(panels.String() + "</svg>\n")
	return b.String()
}

func panel(b *strings.Builder, row Row, x, y int) {
	all := bars(row)
	longest := slices.MaxFunc(all, func(p, q bar) int { return int(math.Copysign(1, p.value-q.value)) }).value
	write(b, x, y+14, "panel", "start", row.Title)
	room := float64(panelWidth - labelWidth - figureWidth)
	for i, server := range all {
		top := y + titleHeight + i*barPitch
		width := max(1, room*server.value/longest)
		kind, text := "bar", ""
		switch {
		case server.label == plan.Subject:
			kind, text = "ours", "mine"
		case strings.HasPrefix(server.label, "plain UDP"):
			kind = "floor"
		}
		write(b, x+labelWidth-8, top+13, text, "end", server.label)
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", kind, x+labelWidth, top, width, barHeight)
		figure := number(server.value, row.Columns[0].Digits) + unitOf(row.Columns[0])
		if server.label != plan.Subject && !math.IsNaN(server.ratio) {
			figure += fmt.Sprintf(" \u00b7 %.2f x", server.ratio)
		}
		fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%d">%s</text>`+"\n", "quiet "+text, float64(x+labelWidth)+width+6, top+13, html.EscapeString(figure))
	}
}

// unitOf is what stands after the comma in the title of a column.
func unitOf(c plan.Column) string {
	if _, unit, found := strings.Cut(c.Title, ", "); found {
		return " " + unit
	}
	return " B"
}

func write(b *strings.Builder, x, y int, class, anchor, text string) {
	fmt.Fprintf(b, `<text class="%s" x="%d" y="%d" text-anchor="%s">%s</text>`+"\n", class, x, y, anchor, html.EscapeString(text))
}

// bars returns the servers of a row that have a figure, the cheapest first. Bare
// operations are no servers.
func bars(row Row) []bar {
	var all []bar
	ours := row.Rounds.Of(plan.Subject, row.Columns[0].Metric)
	for _, label := range row.Rounds.Labels() {
		series := row.Rounds.Of(label, row.Columns[0].Metric)
		if !series.Empty() && !isBare(row.Rounds, label) {
			all = append(all, bar{label, series.Median(), series.Over(ours).Median()})
		}
	}
	slices.SortStableFunc(all, func(p, q bar) int {
		switch {
		case p.value < q.value:
			return -1
		case p.value > q.value:
			return 1
		}
		return 0
	})
	return all
}
