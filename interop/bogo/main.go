// Bogo is a shim for the protocol tests of BoringSSL, which its project calls
// BoGo: it puts the engine of dtlsd where those tests expect an implementation
// of DTLS.
//
// The runner of the tests is no part of this repository. It starts the shim
// once for each test and is the peer itself, over a TCP connection that
// carries datagrams, and commands that move a clock (link.go). Which test it
// is, the shim does not know: flags say how to set up the association and what
// to expect of it (flags.go, settings.go). The shim completes the handshake,
// checks what it was told to expect, then answers each datagram with its
// complement (endpoint.go).
//
// Which tests have to pass, and how the runner finds out, is in
// config.json and in the lists beside this file.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// The exit codes that the runner knows.
const (
	exitPassed        = 0
	exitFailed        = 1
	exitUnimplemented = 89
)

// errUnimplemented says that a test asks for something that dtlsd does not
// have.
var errUnimplemented = errors.New("not implemented")

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run runs one test and returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	if slices.Contains(args, "-is-handshaker-supported") {
		// The runner asks before the first test. A handshaker is a process of
		// BoringSSL's own that shares a handshake with the shim.
		fmt.Fprintln(stdout, "No")
		return exitPassed
	}
	err := runConnections(args)
	if err == nil {
		return exitPassed
	}
	fmt.Fprintln(stderr, err)
	if errors.Is(err, errUnimplemented) {
		return exitUnimplemented
	}
	return exitFailed
}

// runConnections runs the connections of a test, one after the other. Those
// after the first are there to be resumed.
func runConnections(args []string) error {
	plan, err := parseSettings(args, initialConnection)
	if err != nil {
		return err
	}
	// A test that cannot be run is told apart before the first connection.
	resumption, err := parseSettings(args, resumedConnection)
	if err != nil {
		return err
	}
	memory, err := newMemory()
	if err != nil {
		return err
	}
	if err := runConnection(plan, memory, initialConnection); err != nil {
		return err
	}
	for range plan.resumptions {
		if err := runConnection(resumption, memory, resumedConnection); err != nil {
			return fmt.Errorf("resumption: %w", err)
		}
	}
	return nil
}

func runConnection(s *settings, m *memory, c connection) error {
	l, err := dial(s.port, s.ipv6, s.shimID)
	if err != nil {
		return err
	}
	defer l.close()
	e, err := newEndpoint(s, m, l, c)
	if err != nil {
		return err
	}
	if err := e.run(); err != nil {
		// What was sent last, the alert above all, has to arrive.
		l.abandon()
		return err
	}
	return nil
}
