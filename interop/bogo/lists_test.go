package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readList returns the names in a file, one a line.
func readList(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// lists returns the files of all lists.
func lists(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("lists/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists: %v", err)
	}
	return files
}

func TestListsAreSortedAndNameNoTestTwice(t *testing.T) {
	listed := map[string]string{}
	for _, file := range lists(t) {
		last := ""
		for _, name := range readList(t, file) {
			if name <= last {
				t.Errorf("%s: %q comes after %q", file, name, last)
			}
			if other := listed[name]; other != "" {
				t.Errorf("%s: %q is in %s too", file, name, other)
			}
			listed[name], last = file, name
		}
	}
}

// The kinds of reason that there can be for not taking a test.
var reasons = []string{"BoringSSL's own extension: ", "feature outside our scope: "}

func TestConfigurationSaysWhyATestIsNotTaken(t *testing.T) {
	text, err := os.ReadFile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		DisabledTests  map[string]string
		ErrorMap       map[string][]string
		HalfRTTTickets int
		MaxACKBuffer   int
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		t.Fatal(err)
	}
	for pattern, reason := range config.DisabledTests {
		if !slices.ContainsFunc(reasons, func(kind string) bool { return strings.HasPrefix(reason, kind) }) {
			t.Errorf("%s: %q is no reason", pattern, reason)
		}
		for _, file := range lists(t) {
			for _, name := range readList(t, file) {
				if matched, err := path.Match(pattern, name); matched || err != nil {
					t.Errorf("%s keeps %s from being run: %v", pattern, name, err)
				}
			}
		}
	}
	for name, texts := range config.ErrorMap {
		if len(texts) == 0 || slices.Contains(texts, "") {
			t.Errorf("%s matches every error", name)
		}
	}
}
