// Testreport makes the output of `go test -json` short enough to read.
//
// Usage:
//
//	go test -json ./... | testreport show [-v]
//	testreport total [-no-skips] FILE...
//
// Show prints a line for each package, the whole output of every test that
// failed and the reason of every test that was skipped. With -v it prints a
// line for each test as well.
//
// Total reads the events that several runs left in files and prints how many
// test functions passed and failed. With -no-skips it fails if a test was
// skipped in every run that had it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testreport: error:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New("which verb, show or total?")
	}
	switch verb, rest := args[0], args[1:]; verb {
	case "show":
		return show(rest, stdin, stdout)
	case "total":
		return total(rest, stdout)
	default:
		return fmt.Errorf("unknown verb %q", verb)
	}
}

func show(args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("show", flag.ContinueOnError)
	verbose := flags.Bool("v", false, "print a line for each test")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p := newPrinter(stdout, *verbose)
	return readEvents(stdin, p.print)
}

func total(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("total", flag.ContinueOnError)
	noSkips := flags.Bool("no-skips", false, "fail if a test was skipped")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := newCounter()
	for _, name := range flags.Args() {
		if err := countFile(c, name); err != nil {
			return err
		}
	}
	skipped := c.print(stdout)
	if *noSkips && skipped > 0 {
		return fmt.Errorf("tests were skipped: %d", skipped)
	}
	return nil
}

func countFile(c *counter, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return readEvents(f, c.count)
}
