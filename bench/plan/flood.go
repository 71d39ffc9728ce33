package plan

import (
	"fmt"
	"slices"
	"time"
)

const (
	floodTime = 10 * time.Second // at 20,000 a second: 200,000 hellos
	fullTime  = 3 * time.Second

	// noiseKB is by how much the resident memory of a process may differ without
	// a reason that can be named.
	noiseKB = 1024
)

func floodRows() []Row {
	return []Row{
		floodRow("20k", "20,000/s", 20_000, floodTime), floodRow("full", "full rate", 0, fullTime),
		underFloodRow("20k", "20,000/s", 20_000), underFloodRow("100k", "100,000/s", 100_000), underFloodRow("full", "full rate", 0),
	}
}

// floodRow is about hellos without a cookie, from sources that do not exist.
func floodRow(name, title string, hellos int, duration time.Duration) Row {
	all := append([]variant{ours()}, singles()...)
	return Row{
		Name:   "flood-" + name,
		Title:  "Unverified ClientHello, " + title,
		Rounds: 3,
		Trials: against("cert", "P-256", Load{Scenario: "flood", Rate: hellos, Duration: duration}, all...),
		Columns: []Column{
			{"server CPU per hello, us", serverCPU, 2}, {"hellos/s", rate, 0}, {"busy, %", serverUtil, 0},
			{"dropped by the kernel", drops, 0}, {"memory grew by, kB", growth, 0},
		},
		Targets: []Target{
			ratioOf("at most 0.9 x GnuTLS", 0.9, Subject, "GnuTLS"),
			figure("no growth of resident memory (up to 1 MB is noise)", growth, noiseKB, "kB"),
		},
		Chart: true,
	}
}

// underFloodRow is about handshakes of honest clients beside such hellos.
func underFloodRow(name, title string, hellos int) Row {
	all := append([]variant{ours()}, singles()...)
	trials := against("cert", "P-256", Load{Scenario: "handshake", Concurrency: 8, Duration: 4 * time.Second}, all...)
	for i := range trials {
		trials[i].Beside = &Load{Scenario: "flood", Rate: hellos, Duration: time.Minute}
	}
	twice := Target{
		Text: "at least 2 x the best peer's rate", Subject: Of(Subject, rate), Factor: 2, AtLeast: true,
		Peers: labels(singles()), Metric: rate, Needs: []string{Subject},
	}
	targets := []Target{twice, figure("all succeed", failed, 0, "failed")}
	switch hellos {
	case 0:
		enough := figure("at least 500/s", rate, 500, "/s")
		enough.AtLeast = true
		targets = []Target{enough}
	case 20_000:
		targets = append(targets, figure("no retransmissions", retransmissions, 0, "repeated"))
	}
	return Row{
		Name:    "underflood-" + name,
		Title:   fmt.Sprintf("Handshakes, ECDHE-ECDSA P-256, during a flood of hellos: %s", title),
		Rounds:  3,
		Trials:  trials,
		Columns: slices.Concat([]Column{{"handshakes/s", rate, 0}, {"retransmissions", retransmissions, 0}}, handshakeColumns[3:]),
		Targets: targets,
	}
}
