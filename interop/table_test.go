package interop

import (
	"errors"
	"strings"
	"testing"
)

func TestTableShowsEveryRowAndWhyItFailed(t *testing.T) {
	var table Table
	table.Add(Result{Peer: "Zeta", Role: "client", Suite: "S", How: "PSK"})
	table.Add(Result{Peer: "Alpha", Role: "server", Suite: "S", How: "RSA", Err: errors.New("it did not tell its suite; it said:\nhello\ncannot")})
	table.Add(Result{Peer: "Zeta", Role: "-", Suite: "-", How: "-", Err: errors.New("missing"), Skipped: true})
	var text strings.Builder
	if _, err := table.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	want := `PEER   ROLE    SUITE  AUTHENTICATION  RESULT
Alpha  server  S      RSA             FAILED: it did not tell its suite; it said: ... cannot
Zeta   client  S      PSK             ok
Zeta   -       -      -               SKIPPED: missing
1 of 3 rows passed
`
	if text.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", text.String(), want)
	}
	if n := table.Failures("Alpha"); n != 1 {
		t.Errorf("%d failures of Alpha", n)
	}
}
