package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/bench/plan"
	"github.com/dtlsd/dtlsd/bench/sample"
)

// A Rig measures.
type Rig struct {
	root, module      string // folders of the repository and of the comparison
	programs, results string // folders of what is built and of what is measured
	certificate, key  string
	generator         string // the program with the command bench
	commit            string
	log               func(format string, arguments ...any)
	unbuilt           map[string]string // why a program could not be built
}

// New builds all programs into the folder .build of the repository. Results of
// the rows are kept below it, in the folder that is named. The load comes from
// the dtlsd that is built, unless a generator is named. Whatever goes on is told
// to log, a line at a time.
func New(ctx context.Context, root, results, generator string, log func(format string, arguments ...any)) (*Rig, error) {
	built := filepath.Join(root, ".build")
	r := &Rig{
		root: root, module: filepath.Join(root, "bench"), log: log, unbuilt: map[string]string{},
		programs: filepath.Join(built, "peers"), results: filepath.Join(built, results),
	}
	r.certificate, r.key = filepath.Join(r.programs, "cert.pem"), filepath.Join(r.programs, "key.pem")
	r.generator = generator
	if generator == "" {
		r.generator = r.program(ourProgram)
	}
	if _, err := exec.LookPath("taskset"); err != nil {
		return nil, fmt.Errorf("%w: install util-linux", err)
	}
	commit, err := r.currentCommit(ctx)
	if err != nil {
		return nil, err
	}
	r.commit = commit
	if err := r.makeFolders(); err != nil {
		return nil, err
	}
	if err := makeCertificate(r.certificate, r.key); err != nil {
		return nil, err
	}
	return r, r.build(ctx)
}

// currentCommit names the commit, with a plus if files differ from it.
func (r *Rig) currentCommit(ctx context.Context) (string, error) {
	git := func(arguments ...string) (string, error) {
		command := exec.CommandContext(ctx, "git", arguments...)
		command.Dir = r.root
		output, err := command.Output()
		return strings.TrimSpace(string(output)), err
	}
	commit, err := git("rev-parse", "--short", "HEAD")
	if err != nil {
		return "", fmt.Errorf("git: %w", err)
	}
	changes, err := git("status", "--porcelain", "--untracked-files=no")
	if changes != "" {
		commit += "+"
	}
	return commit, err
}

// File is where the samples of a row are kept.
func (r *Rig) File(row plan.Row) string { return filepath.Join(r.results, row.Name+".jsonl") }

// Samples returns what is kept of a row.
func (r *Rig) Samples(row plan.Row) ([]sample.Sample, error) { return sample.Load(r.File(row)) }

// Done reports whether a row was measured with this very commit.
func (r *Rig) Done(row plan.Row) bool {
	samples, err := r.Samples(row)
	return err == nil && len(samples) > 0 && samples[0].Commit == r.commit && !strings.HasSuffix(r.commit, "+")
}

// Measure measures a row for a number of rounds, unless the row has its own. What
// was kept of the row is replaced at the end.
func (r *Rig) Measure(ctx context.Context, row plan.Row, rounds int) error {
	if row.Rounds > 0 {
		rounds = min(rounds, row.Rounds)
	}
	unfinished := r.File(row) + ".part"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for round := range rounds {
		results := map[string]sample.Result{}
		for _, trial := range row.Trials {
			s := r.take(ctx, row, trial, round, results)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := sample.Append(unfinished, s); err != nil {
				return err
			}
		}
	}
	return os.Rename(unfinished, r.File(row))
}

// take takes one sample and adds its result to those of the round.
func (r *Rig) take(ctx context.Context, row plan.Row, trial plan.Trial, round int, results map[string]sample.Result) sample.Sample {
	s := sample.Sample{Row: row.Name, Label: trial.Label, Round: round, Time: time.Now().UTC(), Commit: r.commit, Busy: loadAverage(readText("/proc/loadavg"))}
	result, err := r.try(ctx, trial, results)
	if err != nil {
		s.Error = err.Error()
		r.log("%-20s round %d  %-26s %s", row.Name, round+1, trial.Label, s.Error)
		return s
	}
	s.Result = result
	results[trial.Label] = result
	figure := "-"
	if len(row.Columns) > 0 {
		figure = fmt.Sprintf("%s: %.*f", row.Columns[0].Title, row.Columns[0].Digits, row.Columns[0].Metric(result))
	}
	r.log("%-20s round %d  %-26s %s", row.Name, round+1, trial.Label, figure)
	return s
}

func (r *Rig) try(ctx context.Context, t plan.Trial, results map[string]sample.Result) (sample.Result, error) {
	if t.Bare != nil {
		return r.bare(ctx, t.Bare)
	}
	load := t.Load
	if t.HalfOf != "" {
		cost := results[t.HalfOf].ServerCPU
		if cost == 0 {
			return sample.Result{}, fmt.Errorf("%q was not measured, whose half this is", t.HalfOf)
		}
		load.Rate = int(1e6 / cost / 2)
	}
	v, err := r.start(ctx, t.Server)
	if err != nil {
		return sample.Result{}, err
	}
	defer v.stop()
	if !t.Server.Plain() {
		if err := r.warmUp(ctx, v, t.Server); err != nil {
			return sample.Result{}, fmt.Errorf("first handshakes: %w", err)
		}
	}
	if t.Beside != nil {
		stop, err := r.beside(ctx, v, t.Server, *t.Beside)
		if err != nil {
			return sample.Result{}, err
		}
		defer stop()
	}
	return r.load(ctx, v, t.Server, load)
}

// bare runs the program of bare operations where the servers run.
func (r *Rig) bare(ctx context.Context, arguments []string) (sample.Result, error) {
	if reason := r.unbuilt[bareProgram]; reason != "" {
		return sample.Result{}, errors.New(reason)
	}
	command := exec.CommandContext(ctx, "taskset", append([]string{"-c", serverCore, r.program(bareProgram)}, arguments...)...)
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	output, err := command.Output()
	if err != nil {
		return sample.Result{}, err
	}
	return sample.ParseResult(output)
}
