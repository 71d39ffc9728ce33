package interop

import (
	"strings"
	"testing"
)

func TestProcessShowsWhatItPrintsOnBothStreams(t *testing.T) {
	p, err := Start(Command{Path: "sh", Args: []string{"-c", "echo one; echo two >&2; read line; echo got $line; exit 3"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	if groups, err := p.Want("numbers", `^one\n(t\w+)$`); err != nil || groups[1] != "two" {
		t.Fatalf("got %q, %v", groups, err)
	}
	if err := p.WriteLine("three"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Want("echo", `^got three$`); err != nil {
		t.Fatal(err)
	}
	if code, err := p.ExitCode(); code != 3 || err != nil {
		t.Fatalf("exit code %d, %v", code, err)
	}
}

func TestProcessThatEndedIsNotWaitedFor(t *testing.T) {
	p, err := Start(Command{Path: "sh", Args: []string{"-c", "echo sorry"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	_, err = p.Want("answer", "^42$")
	if err == nil || !strings.Contains(err.Error(), "ended and did not tell its answer") || !strings.Contains(err.Error(), "sorry") {
		t.Fatalf("the error does not say what happened: %v", err)
	}
}

func TestProcessThatDoesNotObeyIsKilledWithItsChildren(t *testing.T) {
	p, err := Start(Command{Path: "sh", Args: []string{"-c", "trap '' TERM; (trap '' TERM; exec sleep 100) & echo ready; wait"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Want("readiness", "^ready$"); err != nil {
		p.Stop()
		t.Fatal(err)
	}
	p.Stop()
	if p.cmd.ProcessState.Success() {
		t.Fatal("it ended by itself")
	}
}
