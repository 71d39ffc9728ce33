package report

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/bench/plan"
	"github.com/dtlsd/dtlsd/bench/sample"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was; look at the difference after go test -update:\n%s", name, got)
	}
}

func cpu(r sample.Result) float64  { return r.ServerCPU }
func rate(r sample.Result) float64 { return r.Rate }

// someRows are a row with a hit and a miss, and one that nobody measured.
func someRows() []Row {
	var samples []sample.Sample
	add := func(label string, round int, us, rate float64) {
		s := sample.Sample{Row: "echo", Label: label, Round: round, Time: time.Date(2026, 1, 2+round, 0, 0, 0, 0, time.UTC), Commit: "abc1234"}
		s.Result = sample.Result{Scenario: "echo", ServerCPU: us, Rate: rate}
		switch {
		case label == "AEAD":
			s.Result.Scenario = "bare"
		case us == 0:
			s.Error = "did not start: no <suite>"
		}
		samples = append(samples, s)
	}
	for round, speed := range []float64{1, 2} {
		add(plan.Subject, round, 5*speed, 200_000/speed)
		add("GnuTLS", round, 9*speed, 1_234_567/speed)
		add("pion", round, 0, 0)
		add("plain UDP, C", round, 4*speed, 250_000)
		add("AEAD", round, 0.3, 0)
	}
	of := func(label string) plan.Reference { return plan.Of(label, cpu) }
	row := plan.Row{
		Name: "echo", Title: "Echo", Chart: true, Notes: []string{"A note."},
		Columns: []plan.Column{{Title: "server CPU, us", Metric: cpu, Digits: 2}, {Title: "echoes/s", Metric: rate}},
		Targets: []plan.Target{
			{Text: "at most 1.1 x plain", Subject: of(plan.Subject), Limit: of("plain UDP, C"), Factor: 1.1},
			{Text: "below every peer", Subject: of(plan.Subject), Factor: 1, Peers: []string{"GnuTLS", "pion"}, Metric: cpu},
			{Text: "at most 20 us", Subject: of(plan.Subject), Limit: plan.Constant(20), Factor: 1, Unit: "us"},
			{Text: "at most pion", Subject: of(plan.Subject), Limit: of("pion"), Factor: 1, Needs: []string{plan.Subject, "pion"}},
		},
	}
	unmeasured := plan.Row{Name: "idle", Title: "Idle", Chart: true, Columns: row.Columns, Targets: []plan.Target{row.Targets[3]}}
	return []Row{{row, sample.NewRounds(samples)}, {unmeasured, sample.NewRounds(nil)}}
}

func TestPage(t *testing.T) {
	page := Page(someRows(), Machine{{"CPU", "fast"}}, "It is slow because of this.\n")
	before, after, found := strings.Cut(page, strings.TrimSpace(method))
	if !found {
		t.Fatal("the method is not on the page")
	}
	golden(t, "page.md", before+"(method)"+after)
}

func TestPageWithoutSamplesSaysSo(t *testing.T) {
	page := Page(someRows()[1:], nil, "")
	if !strings.Contains(page, "Nothing was measured yet.") || strings.Contains(page, "## Remarks") {
		t.Errorf("got %s", page)
	}
}

func TestPageTellsOfABusyMachine(t *testing.T) {
	busy := sample.NewRounds([]sample.Sample{{Label: plan.Subject, Busy: 2}, {Label: plan.Subject, Busy: 30.5}})
	if text := provenance([]Row{{Rounds: busy}}); !strings.Contains(text, "up to 30.5") {
		t.Errorf("got %q", text)
	}
	if text := provenance(someRows()); strings.Contains(text, "load average") {
		t.Errorf("got %q", text)
	}
}

func TestTerminal(t *testing.T) {
	var b strings.Builder
	if err := Terminal(&b, someRows()[:1]); err != nil {
		t.Fatal(err)
	}
	golden(t, "terminal.txt", b.String())
}

func TestChart(t *testing.T) {
	chart := Chart(someRows())
	golden(t, "chart.svg", chart)
	decoder := xml.NewDecoder(strings.NewReader(chart))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
	}
}

func TestNumbersAreEasyToRead(t *testing.T) {
	for _, c := range []struct {
		value  float64
		digits int
		want   string
	}{
		{0, 0, "0"}, {999, 0, "999"}, {1000, 0, "1,000"}, {1234567.891, 1, "1,234,567.9"}, {-1234, 0, "-1,234"}, {-123, 0, "-123"},
		{4.256, 2, "4.26"}, {math.NaN(), 2, "-"},
	} {
		if got := number(c.value, c.digits); got != c.want {
			t.Errorf("%v: got %q, want %q", c.value, got, c.want)
		}
	}
}
