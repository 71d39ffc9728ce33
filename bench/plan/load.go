package plan

import "time"

const (
	steadyTime = 4 * time.Second
	// steadyRate is the rate, a second, at which the cost is found out of which half
	// of a server's capacity follows. A closed loop would not do: its answers come in
	// trains, and cost half as much.
	steadyRate = 50_000
)

// loadRows are about a server that is only half busy: with two shards, and with
// handshakes beside its echoes.
func loadRows() []Row {
	return []Row{shardsRow(), latencyRow()}
}

// halfLoad is an echo at half of what the trial capacity could do.
func halfLoad(label, capacity string, shards int, beside *Load) Trial {
	load := dense.load(64)
	load.Duration = steadyTime
	return Trial{
		Label: label, HalfOf: capacity, Load: load, Beside: beside,
		Server: Server{Peer: "dtlsd", Authentication: "cert", Groups: "P-256", Version: "1.2", Shards: shards},
	}
}

// capacityOf is the load by which half of a server's capacity is known.
func capacityOf(label string, shards int) Trial {
	t := halfLoad(label, "", shards, nil)
	t.Load.Duration, t.Load.Rate = echoTime, steadyRate
	return t
}

func shardsRow() Row {
	const one, two, capacity = "one shard", "two shards", "one shard, 50,000/s"
	return Row{
		Name: "shards", Title: "Two shards at half load, echo of 64 B",
		Trials:  []Trial{capacityOf(capacity, 1), halfLoad(one, capacity, 1, nil), halfLoad(two, capacity, 2, nil)},
		Columns: echoColumns,
		Targets: []Target{ratioOf("server CPU per datagram at most 1.1 x that of one shard", 1.1, two, one)},
		Notes:   []string{"Both run on one core, so this is what sharding costs; what it gains needs four cores."},
	}
}

func latencyRow() Row {
	const alone, beside, capacity = "echo alone", "echo beside handshakes", "echo, 50,000/s"
	handshakes := Load{Scenario: "handshake", Concurrency: 2, Duration: time.Minute}
	return Row{
		Name: "latency", Title: "p99 of an echo of 64 B at half load",
		Trials:  []Trial{capacityOf(capacity, 0), halfLoad(alone, capacity, 0, nil), halfLoad(beside, capacity, 0, &handshakes)},
		Columns: echoColumns,
		Targets: []Target{{
			Text: "beside handshakes at most 2 x without, GOMAXPROCS=1", Subject: Of(beside, p99), Limit: Of(alone, p99), Factor: 2,
			Needs: []string{alone, beside},
		}},
	}
}
