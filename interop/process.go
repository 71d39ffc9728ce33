package interop

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// grace is how long a program may take to end after it was asked to.
const grace = 2 * time.Second

// A Command says how a program is started.
type Command struct {
	Path   string
	Args   []string
	Env    []string   // added to the environment of the tests
	Inside *Namespace // nil: the network of the tests
}

// A Process is a running program of its own process group, with its standard input and all that it printed.
type Process struct {
	console
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// Start starts the program. The caller must Stop it.
func Start(c Command) (*Process, error) {
	path, args := c.Path, c.Args
	if c.Inside != nil {
		path, args = c.Inside.enter(path, args)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = grace
	output := newTranscript()
	cmd.Stdout, cmd.Stderr = output, output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	p := &Process{console: console{name: commandName(c), output: output, ended: make(chan struct{})}, cmd: cmd, stdin: stdin}
	go func() {
		cmd.Wait() // the outcome is read from cmd.ProcessState
		close(p.ended)
	}()
	return p, nil
}

// commandName is the base name of the program and, where it has subcommands, the first argument.
func commandName(c Command) string {
	name := c.Path[strings.LastIndexByte(c.Path, '/')+1:]
	if len(c.Args) > 0 && !strings.HasPrefix(c.Args[0], "-") {
		name += " " + c.Args[0]
	}
	return name
}

// WriteLine writes line and a newline to the program's standard input.
func (p *Process) WriteLine(line string) error {
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		return p.complaint("does not read its input (%v)", err)
	}
	return nil
}

// CloseInput ends the program's standard input.
func (p *Process) CloseInput() error {
	return p.stdin.Close()
}

// ExitCode waits for the end of the program, at most for the time that an expected line may take.
func (p *Process) ExitCode() (int, error) {
	if err := p.wantEnd(); err != nil {
		return 0, err
	}
	return p.cmd.ProcessState.ExitCode(), nil
}

// Stop ends the program and all that it started, by force if it does not obey in time. It may be called twice.
func (p *Process) Stop() {
	p.stdin.Close()
	p.signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

// signal goes to the whole process group.
func (p *Process) signal(s syscall.Signal) {
	select {
	case <-p.ended: // its number may belong to somebody else by now
	default:
		syscall.Kill(-p.cmd.Process.Pid, s)
	}
}
