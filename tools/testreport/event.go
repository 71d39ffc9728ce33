package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// An event is one line of `go test -json`; `go doc test2json` and
// `go help buildjson` say what the fields mean.
type event struct {
	Action     string
	Package    string // empty in events of a build
	ImportPath string // set in events of a build
	Test       string // empty in events of a whole package
	Output     string
	Elapsed    float64 // seconds
}

// A testID names a test, or a package if its test is empty.
type testID struct {
	pkg, test string
}

func (e event) id() testID {
	return testID{e.Package, e.Test}
}

// topLevel reports whether id is a test function rather than a subtest.
func (id testID) topLevel() bool {
	return id.test != "" && !strings.Contains(id.test, "/")
}

func (id testID) String() string {
	return id.pkg + "." + id.test
}

// readEvents calls yield for each event of r, in order. A line that is no
// event, such as a message of the go command itself, becomes an event with
// nothing but output.
func readEvents(r io.Reader, yield func(event)) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			yield(parseEvent(line))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func parseEvent(line []byte) event {
	var e event
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &e) != nil {
		return event{Output: string(line)}
	}
	return e
}
