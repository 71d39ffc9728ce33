package plan

import (
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/bench/sample"
)

// Subject is the label of the server that the comparison is about.
const Subject = "dtlsd"

// Labels of the floors.
const (
	udpC  = "plain UDP, C"
	udpGo = "plain UDP, Go"
)

func serverCPU(r sample.Result) float64       { return r.ServerCPU }
func serverUtil(r sample.Result) float64      { return 100 * r.ServerUtil }
func rate(r sample.Result) float64            { return r.Rate }
func p50(r sample.Result) float64             { return r.P50 }
func p99(r sample.Result) float64             { return r.P99 }
func failed(r sample.Result) float64          { return r.Failed }
func missed(r sample.Result) float64          { return r.Lost + r.Late + r.Bad }
func retransmissions(r sample.Result) float64 { return r.Retransmissions }
func drops(r sample.Result) float64           { return r.Drops }
func growth(r sample.Result) float64          { return r.RSSAfter - r.RSSBefore }
func bytesPerSession(r sample.Result) float64 { return r.BytesPerSession }

// Rows returns the whole comparison, in the order of its table.
func Rows() []Row {
	return slices.Concat(echoRows(), handshakeRows(), floodRows(), idleRows(), loadRows())
}

// Select returns the rows whose names begin with one of the words, all if there
// is no word, and the words that no row begins with.
func Select(words []string) (selected []Row, unknown []string) {
	begins := func(r Row, word string) bool { return strings.HasPrefix(r.Name, word) }
	for _, row := range Rows() {
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return begins(row, w) }) {
			selected = append(selected, row)
		}
	}
	for _, word := range words {
		if !slices.ContainsFunc(selected, func(r Row) bool { return begins(r, word) }) {
			unknown = append(unknown, word)
		}
	}
	return selected, unknown
}

// QuickRows returns the rows of the short comparison, with fewer servers.
func QuickRows() []Row {
	var rows []Row
	for _, row := range Rows() {
		if row.Quick == nil {
			continue
		}
		row.Trials = slices.DeleteFunc(slices.Clone(row.Trials), func(t Trial) bool { return !slices.Contains(row.Quick, t.Label) })
		rows = append(rows, row)
	}
	return rows
}

// A variant is a server of a row, under its label.
type variant struct {
	label  string
	server Server
}

// against makes the trials of servers with the same authentication, groups and
// load. Those that speak plain UDP get the same load in plain text.
func against(authentication, groups string, load Load, variants ...variant) []Trial {
	var trials []Trial
	for _, v := range variants {
		if v.server.Peer != "udp-c" && v.server.Peer != "udp-go" {
			v.server.Authentication, v.server.Groups = authentication, groups
			if v.server.Version == "" {
				v.server.Version = "1.2"
			}
		}
		trials = append(trials, Trial{Label: v.label, Server: v.server, Load: load})
	}
	return trials
}

// singles are the peers as they are mostly run: a system call for each datagram.
func singles() []variant {
	return []variant{
		{"OpenSSL", Server{Peer: "openssl"}}, {"GnuTLS", Server{Peer: "gnutls"}}, {"wolfSSL", Server{Peer: "wolfssl"}},
		{"Mbed TLS", Server{Peer: "mbedtls"}}, {"pion", Server{Peer: "pion"}},
	}
}

func ours() variant { return variant{Subject, Server{Peer: "dtlsd"}} }

// floors are the servers without encryption.
func floors() []variant {
	return []variant{{udpC, Server{Peer: "udp-c", Batch: 64}}, {udpGo, Server{Peer: "udp-go"}}}
}

func labels(variants []variant) []string {
	var all []string
	for _, v := range variants {
		all = append(all, v.label)
	}
	return all
}

// ratioOf bounds the server CPU of a label by a multiple of that of another.
func ratioOf(text string, factor float64, label, other string) Target {
	return Target{
		Text: text, Subject: Of(label, serverCPU), Limit: Of(other, serverCPU), Factor: factor, Needs: []string{label, other},
	}
}

// ratioOfBest bounds our server CPU by a multiple of that of the best peer.
func ratioOfBest(text string, factor float64, peers []string) Target {
	return Target{Text: text, Subject: Of(Subject, serverCPU), Factor: factor, Peers: peers, Metric: serverCPU, Needs: []string{Subject}}
}

// figure bounds a figure of ours.
func figure(text string, metric Metric, bound float64, unit string) Target {
	return Target{Text: text, Subject: Of(Subject, metric), Limit: Constant(bound), Factor: 1, Unit: unit, Needs: []string{Subject}}
}
