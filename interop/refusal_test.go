package interop

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
)

// A refusal is a handshake that must fail, and what dtlsd must say about it in either role.
type refusal struct {
	how            string
	suite          Suite
	authentication Authentication
	set            func(*Scenario)
	client, server string // regular expressions for what dtlsd says
	silent         bool   // others than dtlsd may say nothing, because nobody sends an alert
	except         []part
}

var refusals = []refusal{
	{
		how: "wrong key", suite: 0xccac, authentication: Authentication{PreSharedKey, PreSharedKey},
		set:    func(s *Scenario) { s.WrongKey = true },
		client: `the key is probably wrong|fatal bad_record_mac`, server: `is known, its key does not match`,
		silent: true,
	},
	{
		how: "wrong authority", suite: 0xc02b, authentication: Authentication{ECDSA, NoCredential},
		set:    func(s *Scenario) { s.WrongTrust = true },
		client: `certificate not trusted`, server: `fatal (?:unknown_ca|bad_certificate|certificate_unknown)`,
	},
	{
		how: "client without certificate", suite: 0xc02b, authentication: Authentication{ECDSA, ECDSA},
		set:    func(s *Scenario) { s.NoCertificate = true },
		client: `fatal (?:handshake_failure|bad_certificate|certificate_required|no_certificate)`, server: `client has no certificate`,
		except: []part{{gnuTLS{}, Server}, {mbedTLS{}, Server}, {wolfSSL{}, Server}}, // they drop the client without an alert
	},
}

// TestRefusals tries what must not succeed. Both sides must say so, dtlsd in words that help.
func TestRefusals(t *testing.T) {
	for _, peer := range everyPeer {
		for _, role := range []Role{Client, Server} {
			for _, r := range refusals {
				if r.silent && run.subjectName != "dtlsd" || slices.Contains(r.except, part{peer, role}) {
					continue
				}
				scenario := run.scenario(r.suite, r.authentication)
				r.set(scenario)
				how := r.authentication.String() + ", " + r.how
				row(t, peer, role, scenario, how, func(server, client Implementation) error {
					return refuse(scenario, server, client, role, r)
				})
			}
		}
	}
}

// refuse runs both ends and demands that they say why there is no connection.
func refuse(scenario *Scenario, server, client Implementation, peersRole Role, r refusal) error {
	s, err := server.Serve(scenario)
	if err != nil {
		return err
	}
	defer s.Stop()
	c, err := client.Connect(scenario, s.Addr())
	if err != nil {
		return err
	}
	defer c.Stop()
	peer, ours, words := c, End(s), r.server
	if peersRole == Server {
		peer, ours, words = s, c, r.client
	}
	said, err := ours.Report(Refusal)
	if err != nil {
		return err
	}
	if run.subjectName == "dtlsd" && !regexp.MustCompile(words).MatchString(said) {
		return fmt.Errorf("it said %q, which does not match %q", said, words)
	}
	if r.silent {
		return nil
	}
	if _, err := peer.Report(Refusal); err != nil && !errors.Is(err, ErrNotOffered) {
		return fmt.Errorf("the peer: %w", err)
	}
	return nil
}
