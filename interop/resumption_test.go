package interop

import (
	"errors"
	"testing"
)

// resumptions are the ways that the peers can come back, and be come back to. Mbed TLS and wolfSSL could be driven
// to do it too, but their programs here connect once.
var resumptions = []struct {
	peer   Implementation
	role   Role
	ways   []Resumption
	suites []Suite
}{
	{openSSL{}, Client, []Resumption{ByTicket, BySessionID}, resumedSuites},
	{openSSL{}, Server, []Resumption{ByTicket, BySessionID}, resumedSuites},
	{gnuTLS{}, Client, []Resumption{ByTicket, BySessionID}, resumedSuites},
	{gnuTLS{}, Server, []Resumption{ByTicket, BySessionID}, resumedSuites},
	{pionDTLS{}, Client, []Resumption{BySessionID}, resumedSuites}, // pion knows tickets in DTLS 1.3 only
	{pionDTLS{}, Server, []Resumption{BySessionID}, resumedSuites},
	{pionDTLS{}, Client, []Resumption{ByTicket}, []Suite{0x1301, 0x1302, 0x1303}},
	{pionDTLS{}, Server, []Resumption{ByTicket}, []Suite{0x1301, 0x1302, 0x1303}},
}

var resumedSuites = []Suite{0x00a8, 0xccac, 0xc02b, 0xc02f}

// TestResumption connects twice. The peer itself must say that the second handshake was an abbreviated one, and so must we
// where we tell.
func TestResumption(t *testing.T) {
	for _, r := range resumptions {
		for _, way := range r.ways {
			for _, suite := range r.suites {
				authentication := suite.authentications()[0]
				scenario := run.scenario(suite, authentication)
				scenario.Resume = way
				how := authentication.String() + ", " + way.String()
				row(t, r.peer, r.role, scenario, how, func(server, client Implementation) error {
					return converse(scenario, server, client, func(s Listener, c End) error {
						if _, err := endOf(r.role, s, c).Report(Resumed); err != nil {
							return err
						}
						_, err := endOf(1-r.role, s, c).Report(Resumed)
						if errors.Is(err, ErrNotOffered) {
							return nil
						}
						return err
					})
				})
			}
		}
	}
}
