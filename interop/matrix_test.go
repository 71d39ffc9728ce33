package interop

import (
	"fmt"
	"testing"
)

// hopeless is the number of failed rows after which a peer's other rows are not tried: each would cost its whole
// patience.
const hopeless = 8

// matrix tries every row that the peer and the implementation under test have in common: roles, suites and ways to
// authenticate.
func matrix(t *testing.T, peer Implementation) {
	require(t, requirements[peer.Name()])
	subject := run.subject(t)
	for _, role := range []Role{Client, Server} {
		for _, suite := range common(peer.Suites(role), subject.Suites(1-role)) {
			for _, authentication := range suite.authentications() {
				if !peer.Authenticates(role, authentication) || !subject.Authenticates(1-role, authentication) {
					continue
				}
				scenario := run.scenario(suite, authentication)
				_, scenario.MACThenEncrypt = peer.(pionDTLS) // it does not know encrypt-then-MAC
				row(t, peer, role, scenario, authentication.String(), func(server, client Implementation) error {
					return converse(scenario, server, client)
				})
			}
		}
	}
}

// A part is a peer in a role.
type part struct {
	peer Implementation
	role Role
}

// endOf returns the end that has the role.
func endOf(r Role, s Listener, c End) End {
	if r == Client {
		return c
	}
	return s
}

// row runs one row of the table, with the subject at the other end from the peer, and enters the outcome. What is tried
// gets the two ends to start.
func row(t *testing.T, peer Implementation, role Role, scenario *Scenario, how string, try func(server, client Implementation) error) {
	t.Helper()
	t.Run(fmt.Sprintf("%s/%v/%v/%s", peer.Name(), role, scenario.Suite, how), func(t *testing.T) {
		require(t, requirements[peer.Name()])
		subject := run.subject(t)
		if _, program := subject.(dtlsd); program && !offered(peer, role, scenario) {
			subject = library{}
		}
		err := fmt.Errorf("not tried: %d rows of this peer have failed", hopeless)
		if run.table.Failures(peer.Name()) < hopeless {
			if role == Client {
				err = try(subject, peer)
			} else {
				err = try(peer, subject)
			}
		}
		run.table.Add(Result{Peer: peer.Name(), Role: role.String(), Suite: scenario.Suite.String(), How: how, Err: err})
		if err != nil {
			t.Error(err)
		}
	})
}

// offered reports whether dtlsd has options for everything in a scenario. Where it has not, and where the other end is
// a library in this process, the library of this repository takes its place; but only the program has words for what
// goes wrong.
func offered(peer Implementation, peersRole Role, s *Scenario) bool {
	if s.refuses() {
		return true
	}
	_, inProcess := peer.(pionDTLS)
	oursResumes := s.Resume == BySessionID || s.Resume == ByTicket && peersRole == Server
	return !inProcess && !oursResumes && s.SRTP == "" && !s.MACThenEncrypt
}
