//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait of a script.
const patience = 20 * time.Second

// background is what runs beside a script, by name.
type background map[string]*program

// backgroundKey is where a script keeps it.
type backgroundKey struct{}

// A program is one of them.
type program struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output *transcript
	ended  chan struct{}
	err    error // of its end
}

// A transcript is what a program has written, and wakes those who wait for
// more.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer // of both streams
	out  bytes.Buffer
	more chan struct{} // closed at the next write
}

// A stream writes to a transcript, as one of its two streams.
type stream struct {
	*transcript
	standard bool // output, as opposed to error
}

func (s stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(b)
	if s.standard {
		s.out.Write(b)
	}
	close(s.more)
	s.more = make(chan struct{})
	return len(b), nil
}

// find returns the first match, and the channel that is closed when there is
// more to search.
func (t *transcript) find(pattern *regexp.Regexp) ([]string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return pattern.FindStringSubmatch(t.text.String()), t.more
}

// startBackground implements: background NAME COMMAND [ARGUMENT...]
func startBackground(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: background NAME COMMAND [ARGUMENT...]")
	}
	t := &transcript{more: make(chan struct{})}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(os.Environ(), "SHELL=/bin/sh", "NO_COLOR="+ts.Getenv("NO_COLOR"), "TERM="+ts.Getenv("TERM"), "COLORTERM="+ts.Getenv("COLORTERM"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to end its children too
	cmd.Stdout, cmd.Stderr = stream{t, true}, stream{t, false}
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	p := &program{cmd: cmd, stdin: stdin, output: t, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	ts.Defer(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
	})
	ts.Value(backgroundKey{}).(background)[args[0]] = p
}

func named(ts *testscript.TestScript, name string) *program {
	p := ts.Value(backgroundKey{}).(background)[name]
	if p == nil {
		ts.Fatalf("nothing in the background is called %s", name)
	}
	return p
}

// awaitBackground implements: await NAME PATTERN [VARIABLE...]
//
// It waits for a match in what the program writes, and sets the variables to
// its groups.
func awaitBackground(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await NAME PATTERN [VARIABLE...]")
	}
	p := named(ts, args[0])
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	tooLate := time.After(patience)
	for ended := false; ; {
		groups, more := p.output.find(pattern)
		if groups != nil {
			for i, variable := range args[2:] {
				ts.Setenv(variable, groups[i+1])
			}
			return
		}
		if ended {
			ts.Fatalf("%s ended without writing %s:\n%s", args[0], args[1], p.text())
		}
		select {
		case <-more:
		case <-p.ended:
			ended = true
		case <-tooLate:
			ts.Fatalf("%s did not write %s:\n%s", args[0], args[1], p.text())
		}
	}
}

func (p *program) text() string {
	p.output.mu.Lock()
	defer p.output.mu.Unlock()
	return p.output.text.String()
}

// typeIntoBackground implements: type NAME TEXT; ^C is the key, and ^D ends the
// input.
func typeIntoBackground(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: type NAME TEXT")
	}
	p := named(ts, args[0])
	switch args[1] {
	case "^C":
		_, err := io.WriteString(p.stdin, "\x03")
		ts.Check(err)
	case "^D":
		ts.Check(p.stdin.Close())
	default:
		_, err := io.WriteString(p.stdin, args[1]+"\n")
		ts.Check(err)
	}
}

// signalBackground implements: signal NAME INT|TERM|HUP|KILL
func signalBackground(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}
	if neg || len(args) != 2 || signals[args[1]] == nil {
		ts.Fatalf("usage: signal NAME INT|TERM|HUP|KILL")
	}
	ts.Check(named(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// endBackground implements: [!] ends NAME
//
// It waits for the end of the program, which is to be a success, or with ! a
// failure. What the program wrote to standard output is then in the file
// NAME.out, and what it wrote to both streams in NAME.all.
func endBackground(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] ends NAME")
	}
	p := named(ts, args[0])
	select {
	case <-p.ended:
	case <-time.After(patience):
		ts.Fatalf("%s does not end:\n%s", args[0], p.text())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), p.output.out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".all"), p.output.text.Bytes(), 0o600))
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		ts.Fatalf("%s: %v", args[0], p.err)
	}
	if failed := p.err != nil; failed != neg {
		ts.Fatalf("%s: %v:\n%s", args[0], p.err, strings.TrimSpace(p.text()))
	}
}
