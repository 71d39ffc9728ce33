package plan

import "time"

// settled is how long a server has to become small, which is promised within a
// minute.
const settled = 70 * time.Second

var idleColumns = []Column{
	{"resident bytes per session", bytesPerSession, 0}, {"established/s", rate, 0}, {"busy while idle, %", serverUtil, 1}, {"failed", failed, 0},
}

func idleRows() []Row {
	all := append([]variant{ours()}, singles()...)
	few := Load{Scenario: "idle", Sessions: 10_000, Concurrency: 32, Hold: 10 * time.Second}
	rows := []Row{{
		Name: "idle-10k", Title: "Idle session, 10,000 of them for 10 s", Rounds: 2, Chart: true,
		Trials: against("cert", "P-256", few, all...), Columns: idleColumns,
		Targets: []Target{{
			Text: "below every peer", Subject: Of(Subject, bytesPerSession), Factor: 1, Peers: labels(singles()), Metric: bytesPerSession,
			Needs: []string{Subject},
		}},
	}}
	for _, many := range []struct {
		name, title string
		sessions    int
		target      Target
	}{
		{"100k", "100,000", 100_000, figure("at most 700 a minute later", bytesPerSession, 700, "B")},
		{"1m", "1,000,000", 1_000_000, figure("at most 700", bytesPerSession, 700, "B")},
	} {
		load := Load{Scenario: "idle", Sessions: many.sessions, Concurrency: 64, Hold: settled}
		rows = append(rows, Row{
			Name: "idle-" + many.name, Title: "Idle session, " + many.title + " of them for 70 s", Rounds: 1,
			Trials: against("psk", "P-256", load, ours()), Columns: idleColumns, Targets: []Target{many.target},
		})
	}
	return rows
}
