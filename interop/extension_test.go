package interop

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// A feature is something that both ends are told to agree on, besides the suite.
type feature struct {
	how   string
	set   func(*Scenario)
	fact  Fact     // what the peer tells about it, where it tells anything
	tells []string // in the spelling of one program or another

	except []part
}

var groupFeatures = []feature{
	{how: "X25519", set: func(s *Scenario) { s.Group = "X25519" }, fact: GroupName, tells: []string{"X25519"}},
	{how: "P-256", set: func(s *Scenario) { s.Group = "P-256" }, fact: GroupName, tells: []string{"prime256v1", "SECP256R1"}},
	{how: "P-384", set: func(s *Scenario) { s.Group = "P-384" }, fact: GroupName, tells: []string{"secp384r1", "SECP384R1"}},
}

var alpnFeature = feature{how: "ALPN", set: func(s *Scenario) { s.ALPN = "coap" }, fact: Protocol, tells: []string{"coap", "ALPN"}}

var srtpFeature = feature{how: "use_srtp", set: func(s *Scenario) { s.SRTP = srtpProfile }, fact: ProfileName,
	tells: []string{srtpProfile, gnuTLSProfiles[srtpProfile], mbedTLSProfiles[srtpProfile], "SRTP"}}

// TestGroups restricts both ends to one group for key agreement. Certificates are of RSA, because the groups that a
// client lists hold for keys of ECDSA too: RFC 8422, Section 5.1. wolfSSL knows only P-256 with ECDHE-PSK.
func TestGroups(t *testing.T) {
	for _, peer := range []Implementation{openSSL{}, gnuTLS{}, mbedTLS{}, wolfSSL{}, pionDTLS{}} {
		for _, f := range groupFeatures {
			tryFeature(t, peer, 0xc02f, Authentication{RSA, NoCredential}, f)
			if _, wolf := peer.(wolfSSL); !wolf || f.how == "P-256" {
				tryFeature(t, peer, 0xccac, Authentication{PreSharedKey, PreSharedKey}, f)
			}
		}
	}
}

// TestALPN lets both ends offer one application protocol.
func TestALPN(t *testing.T) {
	for _, peer := range []Implementation{openSSL{}, gnuTLS{}, mbedTLS{}, wolfSSL{}, pionDTLS{}} {
		tryFeature(t, peer, 0xc02b, Authentication{ECDSA, NoCredential}, alpnFeature)
	}
	tryFeature(t, pionDTLS{}, 0x1301, Authentication{ECDSA, NoCredential}, alpnFeature)
}

// TestSRTP lets both ends offer one protection profile.
func TestSRTP(t *testing.T) {
	for _, peer := range []Implementation{openSSL{}, gnuTLS{}, mbedTLS{}, pionDTLS{}} {
		tryFeature(t, peer, 0xc02b, Authentication{ECDSA, NoCredential}, srtpFeature)
	}
	tryFeature(t, pionDTLS{}, 0x1301, Authentication{ECDSA, NoCredential}, srtpFeature)
}

// tryFeature runs a row for each role of the peer.
func tryFeature(t *testing.T, peer Implementation, suite Suite, a Authentication, f feature) {
	t.Helper()
	for _, role := range []Role{Client, Server} {
		if slices.Contains(f.except, part{peer, role}) {
			continue
		}
		scenario := run.scenario(suite, a)
		f.set(scenario)
		how := a.String() + ", " + f.how
		row(t, peer, role, scenario, how, func(server, client Implementation) error {
			return converse(scenario, server, client, func(s Listener, c End) error {
				return wantFact(endOf(role, s, c), f)
			})
		})
	}
}

// wantFact demands that a program that tells about the feature at all tells the right thing.
func wantFact(e End, f feature) error {
	got, err := e.Report(f.fact)
	if errors.Is(err, ErrNotOffered) {
		return nil
	}
	if err != nil {
		return err
	}
	if !slices.Contains(f.tells, got) {
		return fmt.Errorf("%v is %q, not one of %q", f.fact, got, f.tells)
	}
	return nil
}
