package rig

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/bench/plan"
	"github.com/dtlsd/dtlsd/bench/sample"
)

const (
	// patience is what a run of the generator may take beyond its own duration.
	patience           = time.Minute
	patiencePerSession = 2 * time.Millisecond

	// headStart is how long what goes on beside a load has been going on before.
	headStart = time.Second
)

// load puts a load on a server and returns what the generator says. A run with
// failures is a result too.
func (r *Rig) load(ctx context.Context, v *server, s plan.Server, l plan.Load) (sample.Result, error) {
	limit := l.Warmup + l.Duration + l.Hold + patience + time.Duration(l.Sessions)*patiencePerSession
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	command := r.generate(ctx, v, s, l)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, failure := command.Output()
	result, err := sample.ParseResult(output)
	switch {
	case ctx.Err() != nil:
		return sample.Result{}, fmt.Errorf("the load generator did not end within %v", limit)
	case err != nil && failure != nil:
		return sample.Result{}, fmt.Errorf("the load generator: %w: %s", failure, firstLine(strings.TrimSpace(complaints.String())))
	case err == nil && result.OK == 0:
		return sample.Result{}, fmt.Errorf("nothing came back in time: %.0f failed, %.0f lost, %.0f late, %.0f wrong", result.Failed, result.Lost, result.Late, result.Bad)
	}
	return result, err
}

// beside begins a load that goes on until the function that it returns is called.
func (r *Rig) beside(ctx context.Context, v *server, s plan.Server, l plan.Load) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	command := r.generate(ctx, v, s, l)
	if err := command.Start(); err != nil {
		cancel()
		return nil, err
	}
	stop = func() {
		cancel()
		command.Wait() // it was killed
	}
	select {
	case <-time.After(headStart):
		return stop, nil
	case <-ctx.Done():
		stop()
		return nil, ctx.Err()
	}
}

// warmUp makes a server with DTLS take the memory that it needs anyway.
func (r *Rig) warmUp(ctx context.Context, v *server, s plan.Server) error {
	result, err := r.load(ctx, v, s, plan.Load{Scenario: "handshake", Concurrency: 16, Count: 300})
	if err == nil && result.Failed > 0 {
		err = fmt.Errorf("%.0f of %.0f handshakes failed", result.Failed, result.OK+result.Failed)
	}
	return err
}

func (r *Rig) generate(ctx context.Context, v *server, s plan.Server, l plan.Load) *exec.Cmd {
	arguments := append([]string{"-c", loadCore, r.generator}, loadArguments(v.port, v.pid(), s, l)...)
	return exec.CommandContext(ctx, "taskset", arguments...)
}

// loadArguments are those of dtlsd bench.
func loadArguments(port, pid int, s plan.Server, l plan.Load) []string {
	arguments := []string{"bench", l.Scenario, fmt.Sprintf("127.0.0.1:%d", port), "--json", "--pid", strconv.Itoa(pid)}
	number := func(flag string, value int) {
		if value != 0 {
			arguments = append(arguments, flag, strconv.Itoa(value))
		}
	}
	duration := func(flag string, value time.Duration) {
		if value != 0 {
			arguments = append(arguments, flag, value.String())
		}
	}
	yes := func(flag string, value bool) {
		if value {
			arguments = append(arguments, flag)
		}
	}
	number("--sessions", l.Sessions)
	number("--window", l.Window)
	number("--size", l.Size)
	number("--concurrency", l.Concurrency)
	number("--count", l.Count)
	number("--rate", l.Rate)
	duration("--duration", l.Duration)
	duration("--warmup", l.Warmup)
	duration("--hold", l.Hold)
	yes("--bursts", l.Bursts)
	yes("--resume", l.Resume)
	yes("--yes-i-own-this-server", l.Scenario == "flood")
	if s.Plain() {
		return append(arguments, "--plain")
	}
	arguments = append(arguments, "--dtls", s.Version, "--groups", strings.ReplaceAll(s.Groups, ":", ","), "--ciphers", suiteOf(s))
	if s.Authentication == "cert" {
		return append(arguments, "--insecure")
	}
	return append(arguments, "--psk", pskOption)
}
