package sample

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestResultIsReadFromTheLastLine(t *testing.T) {
	output := "a word before\n" + `{"scenario":"echo","ok":200000,"server_cpu_us":4.25,"server_util":0.98,"p99_us":310,"label":"x","new_field":[1]}` + "\n\n"
	r, err := ParseResult([]byte(output))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Result{Scenario: "echo", OK: 200000, ServerCPU: 4.25, ServerUtil: 0.98, P99: 310}); r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
}

func TestOutputWithoutResultIsAnError(t *testing.T) {
	for _, output := range []string{"", "connection refused\n", "{}", `{"scenario":"echo"} and more`} {
		if r, err := ParseResult([]byte(output)); err == nil {
			t.Errorf("%q: got %+v", output, r)
		}
	}
}

func FuzzParseResult(f *testing.F) {
	f.Add([]byte(`{"scenario":"echo","ok":1}`))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, output []byte) {
		if r, err := ParseResult(output); err == nil && r.Scenario == "" {
			t.Error("a result without a scenario")
		}
	})
}

func TestSamplesComeBackFromTheirFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "row.jsonl")
	if none, err := Load(file); err != nil || len(none) > 0 {
		t.Fatalf("of no file: %v, %v", none, err)
	}
	first := Sample{Row: "echo", Label: "dtlsd", Time: time.Unix(0, 0).UTC(), Commit: "abc", Result: Result{Scenario: "echo", Rate: 1.5}}
	second := Sample{Row: "echo", Label: "pion", Round: 1, Time: first.Time, Error: "did not start"}
	for _, s := range []Sample{first, second} {
		if err := Append(file, s); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Load(file)
	if err != nil || len(got) != 2 || got[0] != first || got[1] != second {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDamagedFileIsNamedWithItsLine(t *testing.T) {
	_, err := read(strings.NewReader("{}\n{\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "2: ") {
		t.Errorf("got %v", err)
	}
}
