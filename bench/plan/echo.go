package plan

import (
	"fmt"
	"slices"
	"time"
)

const (
	echoTime   = 1500 * time.Millisecond
	echoWarmup = 500 * time.Millisecond

	// beyondAEAD is what we may need per datagram beside the AEAD, in us.
	beyondAEAD = 0.15
)

var echoColumns = []Column{
	{"server CPU, us", serverCPU, 2}, {"echoes/s", rate, 0}, {"busy, %", serverUtil, 0}, {"p99, us", p99, 0}, {"lost, late or wrong", missed, 0},
}

// batched are the peers with a system call for many datagrams. GnuTLS is there
// both ways, since neither is always the better one.
func batched() []variant {
	return []variant{
		{"OpenSSL", Server{Peer: "openssl", Batch: 64}}, {"GnuTLS", Server{Peer: "gnutls", Batch: 64}},
		{"GnuTLS, singles", Server{Peer: "gnutls"}}, {"wolfSSL", Server{Peer: "wolfssl", Batch: 64}},
		{"Mbed TLS", Server{Peer: "mbedtls", Batch: 64}}, {"pion", Server{Peer: "pion"}},
	}
}

// A pattern is how the datagrams of an echo come.
type pattern struct {
	name, title      string
	sessions, window int
	bursts           bool
}

var (
	dense  = pattern{"dense", "64 sessions, window 16", 64, 16, false}
	sparse = pattern{"sparse", "1000 sessions, window 1", 1000, 1, false}
	bursts = pattern{"bursts", "64 sessions, window 16, in bursts", 64, 16, true}
)

func (p pattern) load(size int) Load {
	return Load{Scenario: "echo", Sessions: p.sessions, Window: p.window, Bursts: p.bursts, Size: size, Duration: echoTime, Warmup: echoWarmup}
}

func echoRows() []Row {
	all := slices.Concat([]variant{ours()}, batched(), floors())
	row := func(p pattern, size int, targets ...Target) Row {
		return Row{
			Name:    fmt.Sprintf("echo-%d-%s", size, p.name),
			Title:   fmt.Sprintf("Echo of %d B, %s", size, p.title),
			Trials:  against("cert", "P-256", p.load(size), all...),
			Columns: echoColumns,
			Targets: targets,
			Chart:   true,
		}
	}
	belowPeers := ratioOfBest("below every peer", 1, labels(batched()))
	rows := []Row{
		row(dense, 64, ratioOf("at most 1.10 x plain UDP in Go", 1.10, Subject, udpGo), belowPeers),
		row(sparse, 64, ratioOf("at most 1.25 x plain UDP in Go", 1.25, Subject, udpGo), belowPeers),
		withAEAD(row(dense, 1200, belowPeers), 1200),
		withAEAD(row(sparse, 1200, belowPeers), 1200),
		row(bursts, 64, ratioOf("at most 0.2 x plain UDP in C", 0.2, Subject, udpC)),
		row(bursts, 1200, ratioOf("at most 0.35 x plain UDP in C", 0.35, Subject, udpC)),
	}
	rows[0].Quick = []string{Subject, "OpenSSL", "GnuTLS", udpC, udpGo}
	rows[1].Quick = []string{Subject, "GnuTLS", udpGo}
	rows[4].Quick = []string{Subject, udpC, udpGo}
	return append(rows, echo13Row(64), echo13Row(1200))
}

// withAEAD adds the bare AEAD of the size, and the target that builds on it.
func withAEAD(r Row, size int) Row {
	const aead = "open and seal, Go"
	r.Trials = append(r.Trials, Trial{Label: aead, Bare: []string{"-b", fmt.Sprint(size)}})
	limit := Sum(Of(udpGo, serverCPU), Times(1.3, Of(aead, serverCPU)), Constant(beyondAEAD))
	target := Target{
		Text: fmt.Sprintf("at most plain UDP in Go + 1.3 x (open + seal) + %.2f us", beyondAEAD), Subject: Of(Subject, serverCPU),
		Limit: limit, Factor: 1, Needs: []string{Subject, udpGo, aead},
	}
	r.Targets = append([]Target{target}, r.Targets...)
	return r
}

func echo13Row(size int) Row {
	variants := []variant{
		{"dtlsd, DTLS 1.3", Server{Peer: "dtlsd", Version: "1.3"}}, {"dtlsd, DTLS 1.2", Server{Peer: "dtlsd", Version: "1.2"}},
		{"pion, DTLS 1.3", Server{Peer: "pion", Version: "1.3"}}, {"pion, DTLS 1.2", Server{Peer: "pion", Version: "1.2"}},
	}
	return Row{
		Name:    fmt.Sprintf("echo13-%d", size),
		Title:   fmt.Sprintf("Echo of %d B in DTLS 1.3, %s", size, dense.title),
		Trials:  against("cert", "P-256", dense.load(size), variants...),
		Columns: echoColumns,
		Targets: []Target{ratioOf("at most 1.05 x our echo in DTLS 1.2", 1.05, variants[0].label, variants[1].label)},
	}
}
