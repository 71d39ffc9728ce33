package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/suite"
)

// only leaves both sides a single suite.
func only(s *suite.Suite) dtlstest.Option {
	return func(setup *dtlstest.Setup) {
		setup.Client.Policy.Suites = []*suite.Suite{s}
		setup.Server.Policy.Suites = []*suite.Suite{s}
	}
}

func TestEverySuiteCompletesAndCarriesData(t *testing.T) {
	for _, s := range suite.All() {
		t.Run(s.Name, func(t *testing.T) {
			p := dtlstest.NewPair(t, 1, only(s))
			p.Connect()
			wantEcho(t, p)
			for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
				if e.State().Suite != s || !e.State().ExtendedMasterSecret {
					t.Errorf("%v agreed on %+v", e.Side(), e.State())
				}
			}
		})
	}
}

// wantEcho sends one datagram each way.
func wantEcho(t *testing.T, p *dtlstest.Pair) {
	t.Helper()
	if err := p.Client.Say("ping"); err != nil {
		t.Fatal("client cannot send: ", err)
	}
	p.FlushClient()
	if err := p.Server.Say("pong"); err != nil {
		t.Fatal("server cannot send: ", err)
	}
	p.FlushServer()
	wantLast(t, p.Server, "ping")
	wantLast(t, p.Client, "pong")
}

func wantLast(t *testing.T, e *dtlstest.Endpoint, want string) {
	t.Helper()
	if n := len(e.Received); n == 0 || string(e.Received[n-1]) != want {
		t.Fatalf("%v received %q, want %q at the end", e.Side(), e.Received, want)
	}
}
