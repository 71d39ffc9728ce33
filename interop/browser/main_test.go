package browser

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the program and starts one browser for all tests.
func run(m *testing.M) int {
	directory, err := os.MkdirTemp("", "dtlsd-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	if err := buildProgram(directory); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer browser.Stop()
	return m.Run()
}
