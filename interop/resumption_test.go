package interop

import "testing"

// resumptions are the ways that the peers can come back, and be come back to. Mbed TLS and wolfSSL could be driven
// to do it too, but their programs here connect once.
var resumptions = []struct {
	peer Implementation
	role Role
	ways []Resumption
}{
	{openSSL{}, Client, []Resumption{ByTicket, BySessionID}},
	{openSSL{}, Server, []Resumption{ByTicket, BySessionID}},
	{gnuTLS{}, Client, []Resumption{ByTicket, BySessionID}},
	{gnuTLS{}, Server, []Resumption{ByTicket, BySessionID}},
	{pionDTLS{}, Client, []Resumption{BySessionID}}, // pion knows no tickets
	{pionDTLS{}, Server, []Resumption{BySessionID}},
}

// TestResumption connects twice. The peer itself must say that the second handshake was an abbreviated one.
func TestResumption(t *testing.T) {
	for _, r := range resumptions {
		for _, way := range r.ways {
			for _, suite := range []Suite{0x00a8, 0xccac, 0xc02b, 0xc02f} {
				authentication := suite.authentications()[0]
				scenario := run.scenario(suite, authentication)
				scenario.Resume = way
				how := authentication.String() + ", " + way.String()
				row(t, r.peer, r.role, scenario, how, func(server, client Implementation) error {
					return converse(scenario, server, client, func(s Listener, c End) error {
						_, err := endOf(r.role, s, c).Report(Resumed)
						return err
					})
				})
			}
		}
	}
}
