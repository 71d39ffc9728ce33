// Command compare measures dtlsd beside other DTLS servers and writes
// docs/performance.md and its chart. `make bench` runs it from the folder bench.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/dtlsd/dtlsd/bench/plan"
	"github.com/dtlsd/dtlsd/bench/report"
	"github.com/dtlsd/dtlsd/bench/rig"
	"github.com/dtlsd/dtlsd/bench/sample"
)

type settings struct {
	root, generator             string
	rounds                      int
	quick, resume, render, list bool
	rows                        []string
}

func main() {
	var s settings
	flag.StringVar(&s.root, "root", "..", "folder of the repository")
	flag.StringVar(&s.generator, "generator", "", "a dtlsd whose command bench makes the load (default: that of the repository)")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of a row, unless it needs fewer")
	flag.BoolVar(&s.quick, "quick", false, "a few rows, two rounds, printed and not kept")
	flag.BoolVar(&s.resume, "resume", false, "only rows that were not yet measured with this commit")
	flag.BoolVar(&s.render, "render", false, "write the page from the samples that are there")
	flag.BoolVar(&s.list, "list", false, "name the rows")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: compare [flags] [ROW...]   (rows whose names begin so; default: all)")
		flag.PrintDefaults()
	}
	flag.Parse()
	s.rows = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := compare(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func compare(ctx context.Context, s settings) error {
	rows, unknown := plan.Select(s.rows)
	if len(unknown) > 0 {
		return fmt.Errorf("no row begins with %s; --list names them", strings.Join(unknown, ", "))
	}
	if s.list {
		for _, row := range rows {
			fmt.Printf("%-26s %s\n", row.Name, row.Title)
		}
		return nil
	}
	root, err := filepath.Abs(s.root)
	if err != nil {
		return err
	}
	results := "bench"
	if s.quick {
		results, rows, s.rounds, s.resume = "bench-quick", plan.QuickRows(), 2, false
	}
	r, err := rig.New(ctx, root, results, s.generator, func(format string, arguments ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	})
	if err != nil {
		return err
	}
	if !s.render {
		if err := measure(ctx, r, rows, s); err != nil {
			return err
		}
	}
	if s.quick {
		measured, err := withSamples(r, rows)
		return errors.Join(err, report.Terminal(os.Stdout, measured))
	}
	return render(ctx, r, root)
}

func measure(ctx context.Context, r *rig.Rig, rows []plan.Row, s settings) error {
	for _, row := range rows {
		if s.resume && r.Done(row) {
			continue
		}
		if err := r.Measure(ctx, row, s.rounds); err != nil {
			return err
		}
	}
	return nil
}

func withSamples(r *rig.Rig, rows []plan.Row) ([]report.Row, error) {
	var all []report.Row
	for _, row := range rows {
		samples, err := r.Samples(row)
		if err != nil {
			return nil, err
		}
		all = append(all, report.Row{Row: row, Rounds: sample.NewRounds(samples)})
	}
	return all, nil
}

// render writes the page with all rows, whether or not they were measured now.
func render(ctx context.Context, r *rig.Rig, root string) error {
	rows, err := withSamples(r, plan.Rows())
	if err != nil {
		return err
	}
	remarks, err := os.ReadFile(filepath.Join(root, "bench", "remarks.md"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	docs := filepath.Join(root, "docs")
	page := report.Page(rows, r.Machine(ctx), string(remarks))
	return errors.Join(
		os.WriteFile(filepath.Join(docs, "performance.md"), []byte(page), 0o644),
		os.WriteFile(filepath.Join(docs, "images", "performance.svg"), []byte(report.Chart(rows)), 0o644))
}
