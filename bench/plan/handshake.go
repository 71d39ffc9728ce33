package plan

import (
	"fmt"
	"slices"
	"time"
)

const (
	handshakeTime = 2 * time.Second

	bare = "bare operations, Go"
)

var handshakeColumns = []Column{
	{"server CPU, us", serverCPU, 0}, {"handshakes/s", rate, 0}, {"busy, %", serverUtil, 0}, {"p50, us", p50, 0}, {"p99, us", p99, 0}, {"failed", failed, 0},
}

func fullHandshakes() Load {
	return Load{Scenario: "handshake", Concurrency: 32, Duration: handshakeTime}
}

func handshakeRows() []Row {
	all := append([]variant{ours()}, singles()...)
	row := func(name, title, authentication, groups string, target Target) Row {
		return Row{
			Name: "handshake-" + name, Title: "Handshake, " + title, Columns: handshakeColumns, Targets: []Target{target}, Chart: true,
			Trials: against(authentication, groups, fullHandshakes(), all...),
		}
	}
	best := func(text string, factor float64) Target { return ratioOfBest(text, factor, labels(singles())) }
	psk := row("psk", "PSK-AES128-GCM", "psk", "P-256", ratioOf("at most 0.6 x GnuTLS", 0.6, Subject, "GnuTLS"))
	certP256 := row("cert-p256", "ECDHE-ECDSA, P-256", "cert", "P-256", best("at most 0.6 x the best peer", 0.6))
	psk.Quick = []string{Subject, "OpenSSL", "GnuTLS"}
	certP256.Quick = append(psk.Quick, bare)
	return []Row{
		psk,
		withBare(row("ecdhepsk-p256", "ECDHE-PSK, P-256", "ecdhepsk", "P-256", best("at most 0.6 x the best peer", 0.6)), "-g", "P-256"),
		withBare(certP256, "-g", "P-256", "-s"),
		withBare(row("cert-x25519", "ECDHE-ECDSA, X25519", "cert", "X25519:P-256", best("at most 0.75 x the best peer", 0.75)), "-g", "X25519", "-s"),
		handshake13Row("x25519", "X25519", "X25519", 9),
		handshake13Row("mlkem", "X25519MLKEM768", "X25519MLKEM768:X25519", 11),
		resumedRow(),
	}
}

// withBare adds what the handshake's public key operations cost by themselves.
func withBare(r Row, arguments ...string) Row {
	r.Trials = append(r.Trials, Trial{Label: bare, Bare: arguments})
	return r
}

// handshake13Row counts the datagrams that a handshake with a cookie, its tickets
// and the goodbyes need, both ways together. An echo is two.
func handshake13Row(name, title, groups string, datagrams int) Row {
	variants := []variant{{Subject, Server{Peer: "dtlsd", Version: "1.3"}}, {"pion", Server{Peer: "pion", Version: "1.3"}}}
	trials := against("cert", groups, fullHandshakes(), variants...)
	trials = append(trials, against("", "", dense.load(64), variant{udpGo, Server{Peer: "udp-go"}})...)
	limit := Sum(Times(1.25, Of(bare, serverCPU)), Times(float64(datagrams)/2, Of(udpGo, serverCPU)))
	return withBare(Row{
		Name: "handshake13-" + name, Title: "Handshake of DTLS 1.3, certificate, " + title, Trials: trials, Columns: handshakeColumns,
		Targets: []Target{{
			Text: "at most 1.25 x the bare operations + plain UDP in Go for its datagrams", Subject: Of(Subject, serverCPU), Limit: limit,
			Factor: 1, Needs: []string{Subject, bare, udpGo},
		}},
		Notes: []string{fmt.Sprintf("A handshake with its goodbyes is %d datagrams, both ways together; plain UDP is the echo of 64 B.", datagrams)},
	}, "-g", title, "-s")
}

func resumedRow() Row {
	row := Row{Name: "handshake-resumed", Title: "Resumed handshake", Columns: handshakeColumns}
	for _, version := range []string{"1.2", "1.3"} {
		psk, resumed := "dtlsd, DTLS "+version+", PSK", "dtlsd, DTLS "+version+", resumed"
		server := Server{Peer: "dtlsd", Version: version}
		again := fullHandshakes()
		again.Resume = true
		row.Trials = slices.Concat(row.Trials,
			against("psk", "X25519:P-256", fullHandshakes(), variant{psk, server}),
			against("cert", "X25519:P-256", again, variant{resumed, server}))
		row.Targets = append(row.Targets, ratioOf("DTLS "+version+": at most 1.1 x its PSK handshake", 1.1, resumed, psk))
	}
	return row
}
