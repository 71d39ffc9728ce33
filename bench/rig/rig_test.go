package rig

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/bench/plan"
	"github.com/dtlsd/dtlsd/bench/sample"
)

func TestCertificateFitsItsKey(t *testing.T) {
	folder := t.TempDir()
	certificate, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	if err := makeCertificate(certificate, key); err != nil {
		t.Fatal(err)
	}
	if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
		t.Error(err)
	}
}

// A server that cannot be built is a sample with the reason, and the row ends as
// if nothing were wrong.
func TestRowWithoutItsServersIsKeptWithTheReasons(t *testing.T) {
	var said []string
	r := &Rig{
		results: t.TempDir(), commit: "abc", unbuilt: map[string]string{"gnutls": "no compiler"},
		log: func(format string, arguments ...any) { said = append(said, fmt.Sprintf(format, arguments...)) },
	}
	row := plan.Row{Name: "row", Rounds: 2, Trials: []plan.Trial{
		{Label: "GnuTLS", Server: plan.Server{Peer: "gnutls"}}, {Label: "half", HalfOf: "GnuTLS"},
	}}
	if r.Done(row) {
		t.Error("the row is done before it began")
	}
	if err := r.Measure(context.Background(), row, 5); err != nil {
		t.Fatal(err)
	}
	samples, err := r.Samples(row)
	if err != nil || len(samples) != 4 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	rounds := sample.NewRounds(samples)
	if rounds.Error("GnuTLS") != "no compiler" || rounds.Error("half") == "" || rounds.Len() != 2 {
		t.Errorf("got %+v", samples)
	}
	if !r.Done(row) {
		t.Error("the row is not done")
	}
	if len(said) != 4 || !strings.Contains(said[0], "no compiler") {
		t.Errorf("said %q", said)
	}
	if left, err := os.ReadDir(r.results); err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestInterruptedRowKeepsWhatWasThere(t *testing.T) {
	r := &Rig{results: t.TempDir(), log: func(string, ...any) {}, unbuilt: map[string]string{"gnutls": "no compiler"}}
	row := plan.Row{Name: "row", Trials: []plan.Trial{{Label: "GnuTLS", Server: plan.Server{Peer: "gnutls"}}}}
	before := sample.Sample{Row: "row", Label: "GnuTLS", Commit: "before"}
	if err := sample.Append(r.File(row), before); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Measure(ctx, row, 1); err == nil {
		t.Error("no error")
	}
	if samples, err := r.Samples(row); err != nil || len(samples) != 1 || samples[0] != before {
		t.Errorf("got %+v, %v", samples, err)
	}
}
