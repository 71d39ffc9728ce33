package plan

import (
	"slices"
	"testing"
)

func TestTargetsAndQuickRunsNameTrialsOfTheirRow(t *testing.T) {
	for _, row := range Rows() {
		var known []string
		for _, trial := range row.Trials {
			if slices.Contains(known, trial.Label) {
				t.Errorf("%s: two trials are called %q", row.Name, trial.Label)
			}
			if trial.HalfOf != "" && !slices.Contains(known, trial.HalfOf) {
				t.Errorf("%s: %q comes before %q, whose half it is", row.Name, trial.Label, trial.HalfOf)
			}
			known = append(known, trial.Label)
		}
		named := slices.Clone(row.Quick)
		for _, target := range row.Targets {
			named = slices.Concat(named, target.Needs, target.Peers)
			if len(target.Needs) == 0 || target.Text == "" {
				t.Errorf("%s: a target without text or needs", row.Name)
			}
		}
		for _, label := range named {
			if !slices.Contains(known, label) {
				t.Errorf("%s: no trial is called %q", row.Name, label)
			}
		}
		if len(row.Targets) == 0 || len(row.Columns) == 0 {
			t.Errorf("%s: no target or no column", row.Name)
		}
	}
}

func TestRowsHaveNamesOfTheirOwn(t *testing.T) {
	var names []string
	for _, row := range Rows() {
		names = append(names, row.Name)
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("a name is there twice: %v", names)
	}
}

func TestRowsAreChosenByTheBeginningOfTheirNames(t *testing.T) {
	rows, unknown := Select([]string{"idle", "handshake-psk", "nothing"})
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
	}
	if want := []string{"handshake-psk", "idle-10k", "idle-100k", "idle-1m"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if !slices.Equal(unknown, []string{"nothing"}) {
		t.Errorf("unknown are %v", unknown)
	}
	if all, _ := Select(nil); len(all) != len(Rows()) {
		t.Errorf("no word: %d rows", len(all))
	}
}

func TestQuickRowsHaveFewServersAndUs(t *testing.T) {
	rows := QuickRows()
	if len(rows) == 0 {
		t.Fatal("no row")
	}
	for _, row := range rows {
		if len(row.Trials) != len(row.Quick) || row.Trials[0].Label != Subject {
			t.Errorf("%s: %d trials, %v wanted", row.Name, len(row.Trials), row.Quick)
		}
	}
}

func TestPlainUDPGetsTheSameLoadWithoutDTLS(t *testing.T) {
	load := Load{Scenario: "echo", Size: 64}
	for _, trial := range against("cert", "P-256", load, ours(), floors()[0]) {
		if plain := trial.Label == udpC; trial.Server.Plain() != plain || trial.Load != load {
			t.Errorf("%s: %+v", trial.Label, trial)
		}
	}
}
