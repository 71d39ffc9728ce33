package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One run: a test that passes and talks, one that fails in a subtest, one that
// is skipped.
const mixedRun = `go: downloading example.org/x v1.0.0
{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestQuiet"}
{"Action":"output","Package":"a","Test":"TestQuiet","Output":"=== RUN   TestQuiet\n"}
{"Action":"output","Package":"a","Test":"TestQuiet","Output":"    a_test.go:3: nobody needs this\n"}
{"Action":"output","Package":"a","Test":"TestQuiet","Output":"--- PASS: TestQuiet (0.50s)\n"}
{"Action":"pass","Package":"a","Test":"TestQuiet","Elapsed":0.5}
{"Action":"run","Package":"a","Test":"TestBad/row"}
{"Action":"output","Package":"a","Test":"TestBad/row","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"output","Package":"a","Test":"TestBad/row","Output":"    --- FAIL: TestBad/row (0.00s)\n"}
{"Action":"fail","Package":"a","Test":"TestBad/row","Elapsed":0}
{"Action":"fail","Package":"a","Test":"TestBad","Elapsed":0}
{"Action":"output","Package":"a","Test":"TestLater","Output":"    a_test.go:12: no peer\n"}
{"Action":"output","Package":"a","Test":"TestLater","Output":"--- SKIP: TestLater (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestLater","Elapsed":0}
{"Action":"output","Package":"a","Output":"| peer | ok |\n"}
{"Action":"output","Package":"a","Output":"FAIL\n"}
{"Action":"output","Package":"a","Output":"FAIL\ta\t0.500s\n"}
{"Action":"fail","Package":"a","Elapsed":0.5}
`

const crashedRun = `{"Action":"run","Package":"b","Test":"TestCrash"}
{"Action":"output","Package":"b","Test":"TestCrash","Output":"panic: at the disco\n"}
{"Action":"fail","Package":"b","Elapsed":0.1}
`

const brokenBuild = `{"ImportPath":"c","Action":"build-output","Output":"c.go:1:1: expected 'package'\n"}
{"ImportPath":"c","Action":"build-fail"}
{"Action":"fail","Package":"c","Elapsed":0,"FailedBuild":"c"}
`

const laterRun = `{"Action":"pass","Package":"a","Test":"TestLater","Elapsed":1}
{"Action":"pass","Package":"a","Elapsed":1}
`

func TestShow(t *testing.T) {
	tests := []struct {
		name string
		args []string
		in   string
		want string
	}{
		{
			"only what did not pass is shown", []string{"show"}, mixedRun,
			`go: downloading example.org/x v1.0.0
--- failed: a.TestBad/row
    a_test.go:9: got 1, want 2
--- failed: a.TestBad
--- skipped: a.TestLater: a_test.go:12: no peer
| peer | ok |
FAIL a in 0.5s
`,
		},
		{
			"each test has a line when asked", []string{"show", "-v"}, laterRun,
			"     TestLater (1.0s)\nok   a: 1 tests in 1.0s\n",
		},
		{
			"a crash shows what was running", []string{"show"}, crashedRun,
			"--- cut off: b.TestCrash\npanic: at the disco\nFAIL b in 0.1s\n",
		},
		{
			"a broken build shows the compiler's words", []string{"show"}, brokenBuild,
			"c.go:1:1: expected 'package'\nFAIL c in 0.0s\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := run(tt.args, strings.NewReader(tt.in), &out); err != nil {
				t.Fatal(err)
			}
			if out.String() != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", out.String(), tt.want)
			}
		})
	}
}

func TestTotal(t *testing.T) {
	tests := []struct {
		name    string
		runs    []string
		want    string
		skipped bool
	}{
		{"nothing ran", nil, "0 passed, 0 failed\n", false},
		{"functions count, subtests do not", []string{mixedRun}, "never run: a.TestLater\n1 passed, 1 failed\n", true},
		{"a test that one run skipped and another ran is run", []string{mixedRun, laterRun}, "2 passed, 1 failed\n", false},
		{"a failure stays a failure", []string{mixedRun, mixedRun, laterRun}, "2 passed, 1 failed\n", false},
		{"packages fail on their own", []string{crashedRun, brokenBuild}, "0 passed, 2 failed\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"total", "-no-skips"}
			for i, content := range tt.runs {
				name := filepath.Join(t.TempDir(), string(rune('a'+i)))
				if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, name)
			}
			var out strings.Builder
			err := run(args, nil, &out)
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
			if (err != nil) != tt.skipped {
				t.Errorf("error is %v, want one for skipped tests only", err)
			}
		})
	}
}

func TestWrongUsageIsRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"sum"}, {"total", "no such file"}} {
		if err := run(args, nil, new(strings.Builder)); err == nil {
			t.Errorf("run(%q) did not fail", args)
		}
	}
}
