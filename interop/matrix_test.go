package interop

import (
	"fmt"
	"testing"
)

// hopeless is the number of failed rows after which a peer's other rows are not tried: each would cost its whole
// patience.
const hopeless = 20

// matrix tries every row that the peer and the implementation under test have in common: roles, suites and ways to
// authenticate.
func matrix(t *testing.T, peer Implementation) {
	subject := run.subject(t)
	for _, role := range []Role{Client, Server} {
		for _, suite := range common(peer.Suites(role), subject.Suites(1-role)) {
			for _, authentication := range suite.authentications() {
				if !peer.Authenticates(role, authentication) || !subject.Authenticates(1-role, authentication) {
					continue
				}
				scenario := run.scenario(suite, authentication)
				t.Run(fmt.Sprintf("%v/%v/%v", role, suite, authentication), func(t *testing.T) {
					row(t, peer, role, scenario, authentication.String(), func(server, client Implementation) error {
						return converse(scenario, server, client)
					})
				})
			}
		}
	}
}

// row runs one row of the table with the subject at the other end from the peer, and enters the outcome.
func row(t *testing.T, peer Implementation, role Role, scenario *Scenario, how string, try func(server, client Implementation) error) {
	t.Helper()
	subject := run.subject(t)
	server, client := subject, peer
	if role == Server {
		server, client = peer, subject
	}
	err := fmt.Errorf("not tried: %d rows of this peer have failed", hopeless)
	if run.table.Failures(peer.Name()) < hopeless {
		err = try(server, client)
	}
	run.table.Add(Result{Peer: peer.Name(), Role: role.String(), Suite: scenario.Suite.String(), How: how, Err: err})
	if err != nil {
		t.Error(err)
	}
}
