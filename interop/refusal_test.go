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
	silent         bool   // others than dtlsd may say nothing, mostly because nobody sends an alert
	except         []part
}

var refusals = []refusal{
	{
		how: "wrong key", suite: 0xccac, authentication: Authentication{PreSharedKey, PreSharedKey},
		set:    func(s *Scenario) { s.WrongKey = true },
		client: `the key is probably wrong|fatal alert: bad_record_mac`, server: `is known, its key does not match`,
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
		client: `fatal alert: (?:handshake_failure|bad_certificate|certificate_required|no_certificate)`, server: `client has no certificate`,
		except: []part{{gnuTLS{}, Server}, {mbedTLS{}, Server}, {wolfSSL{}, Server}}, // they drop the client without an alert
	},

	// Those of DTLS 1.3, in which a server can tell.
	{
		how: "wrong key", suite: 0x1301, authentication: Authentication{PreSharedKey, PreSharedKey},
		set:    func(s *Scenario) { s.WrongKey = true },
		client: `decrypt_error: the pre-shared keys of the two sides probably differ`, server: `is known, its key does not match`,
	},
	{
		how: "unknown identity", suite: 0x1301, authentication: Authentication{PreSharedKey, PreSharedKey},
		set:    func(s *Scenario) { s.WrongIdentity = true },
		client: `fatal alert: \w+`, server: `identity 'stranger' is unknown`,
	},
	{
		how: "wrong authority", suite: 0x1301, authentication: Authentication{ECDSA, NoCredential},
		set:    func(s *Scenario) { s.WrongTrust = true },
		client: `certificate not trusted`, server: `fatal (?:unknown_ca|bad_certificate|certificate_unknown)`,
	},
	{
		how: "client without certificate", suite: 0x1301, authentication: Authentication{ECDSA, ECDSA},
		set:    func(s *Scenario) { s.NoCertificate = true },
		client: `fatal alert: certificate_required`, server: `client has no certificate`,
		silent: true, // to a client of pion the alert, which comes after its handshake, is the end of the connection
	},
	{
		how: "another suite", suite: 0x1301, authentication: Authentication{ECDSA, NoCredential},
		set:    func(s *Scenario) { s.ClientSuite = 0x1303 },
		client: `fatal alert: \w+`, server: `no common cipher suite: client offers TLS_CHACHA20_POLY1305_SHA256; server accepts TLS_AES_128_GCM_SHA256`,
	},
	{
		how: "another group", suite: 0x1301, authentication: Authentication{ECDSA, NoCredential},
		set:    func(s *Scenario) { s.Group, s.ClientGroups = "P-384", []string{"X25519"} },
		client: `fatal alert: \w+`, server: `no common group: client offers X25519; server accepts P-384`,
	},
	{
		how: "another version", suite: 0x1301, authentication: Authentication{ECDSA, NoCredential},
		set:    func(s *Scenario) { s.ClientSuite = 0xc02b },
		client: `fatal alert: protocol_version`, server: `no common version: client offers DTLS 1\.2; server accepts DTLS 1\.3`,
	},
	{
		how: "another version", suite: 0xc02b, authentication: Authentication{ECDSA, NoCredential},
		set:    func(s *Scenario) { s.ClientSuite = 0x1301 },
		client: `fatal alert: protocol_version`, server: `no common version: client offers DTLS 1\.3; server accepts DTLS 1\.2`,
	},
}

// has reports whether an implementation has the suites of both ends.
func has(i Implementation, s *Scenario) bool {
	for _, r := range []Role{Client, Server} {
		if _, one := i.Suites(r)[s.SuiteOf(r)]; !one {
			return false
		}
	}
	return true
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
				if !has(peer, scenario) {
					continue
				}
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
