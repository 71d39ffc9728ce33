package interop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	pion "github.com/pion/dtls/v4"

	"github.com/dtlsd/dtlsd/dtls"
)

// feature13 is something that both ends of DTLS 1.3 are told to do. What there is to tell about it is asked of our end:
// pion tells little.
type feature13 struct {
	how            string
	suite          Suite
	authentication Authentication
	set            func(*Scenario)
	want           func(ours, peers End) error
}

var features13 = []feature13{
	{how: "X25519", set: func(s *Scenario) { s.Group = "X25519" }, want: wantGroup("X25519")},
	{how: "P-256", set: func(s *Scenario) { s.Group = "P-256" }, want: wantGroup("P-256")},
	{how: "P-384", set: func(s *Scenario) { s.Group = "P-384" }, want: wantGroup("P-384")},
	{how: "X25519MLKEM768", set: func(s *Scenario) { s.Group = "X25519MLKEM768" }, want: wantGroup("X25519MLKEM768")},
	{
		how:  "cookie and another group",
		set:  func(s *Scenario) { s.Group, s.ClientGroups = "P-384", []string{"X25519", "P-384"} },
		want: wantGroup("P-384"),
	},
	{
		how:  "cookie and X25519MLKEM768",
		set:  func(s *Scenario) { s.Group, s.ClientGroups = "X25519MLKEM768", []string{"X25519", "X25519MLKEM768"} },
		want: wantGroup("X25519MLKEM768"),
	},
	{how: "exporter", want: wantSameKeys},
	{how: "exporter", suite: 0x1302, want: wantSameKeys},
	{how: "new keys of ours", want: func(ours, peers End) error { return wantNewKeys(ours, peers, ours, false) }},
	{how: "new keys of ours, asking for the peer's", want: func(ours, peers End) error { return wantNewKeys(ours, peers, ours, true) }},
	{how: "new keys of the peer", want: func(ours, peers End) error { return wantNewKeys(ours, peers, peers, false) }},
	{how: "new keys of the peer, asking for ours", want: func(ours, peers End) error { return wantNewKeys(ours, peers, peers, true) }},
	{
		how: "new keys, with PSK", suite: 0x1303, authentication: Authentication{PreSharedKey, PreSharedKey},
		want: func(ours, peers End) error { return wantNewKeys(ours, peers, ours, true) },
	},
}

// TestFeatures13 tries what only DTLS 1.3 has. Servers of either side ask for a cookie, by a HelloRetryRequest.
func TestFeatures13(t *testing.T) {
	for _, role := range []Role{Client, Server} {
		for _, f := range features13 {
			if f.suite == 0 {
				f.suite = 0x1301
			}
			if f.authentication.Server == NoCredential {
				f.authentication = Authentication{ECDSA, NoCredential}
			}
			scenario := run.scenario(f.suite, f.authentication)
			if f.set != nil {
				f.set(scenario)
			}
			how := f.authentication.String() + ", " + f.how
			row(t, pionDTLS{}, role, scenario, how, func(server, client Implementation) error {
				return converse(scenario, server, client, func(s Listener, c End) error {
					ours := endOf(1-role, s, c)
					if _, err := ours.Report(Retried); err != nil {
						return err
					}
					return f.want(ours, endOf(role, s, c))
				})
			})
		}
	}
}

func wantGroup(name string) func(ours, peers End) error {
	return func(ours, _ End) error {
		return wantFact(ours, feature{fact: GroupName, tells: []string{name}})
	}
}

// wantSameKeys exports keys of both ends: RFC 8446, Section 7.5.
func wantSameKeys(ours, peers End) error {
	for _, context := range [][]byte{nil, []byte("context")} {
		a, err := exportedKeys(ours, context)
		if err != nil {
			return err
		}
		b, err := exportedKeys(peers, context)
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			return errors.New("the two ends export different keys")
		}
	}
	return nil
}

func exportedKeys(e End, context []byte) ([]byte, error) {
	const label, length = "EXPERIMENTAL interop", 40
	conn, err := connection(e)
	if err != nil {
		return nil, err
	}
	switch c := conn.(type) {
	case *dtls.Conn:
		return c.ConnectionState().ExportKeyingMaterial(label, context, length)
	case *pion.Conn:
		state, _ := c.ConnectionState()
		return state.ExportKeyingMaterial(label, context, length)
	}
	return nil, ErrNotOffered
}

// wantNewKeys has one end go on with new keys, and ask the other for the same, and sends texts under them.
func wantNewKeys(ours, peers, first End, request bool) error {
	conn, err := connection(first)
	if err != nil {
		return err
	}
	if err := updateKeys(conn, request); err != nil {
		return err
	}
	facts := []Fact{NewKeys}
	switch {
	case request:
		facts = []Fact{NewKeys, PeersNewKeys}
	case first == peers:
		facts = []Fact{PeersNewKeys}
	}
	for _, fact := range facts {
		if _, err := ours.Report(fact); err != nil {
			return err
		}
	}
	for n := range 3 {
		for _, way := range [][2]End{{ours, peers}, {peers, ours}} {
			text := randomText(fmt.Sprintf("under-new-keys-%d", n))
			if err := way[0].Send(text); err != nil {
				return err
			}
			if err := way[1].WantText(text); err != nil {
				return err
			}
		}
	}
	return nil
}

func updateKeys(conn net.Conn, request bool) error {
	switch c := conn.(type) {
	case *dtls.Conn:
		return c.KeyUpdate(request)
	case *pion.Conn:
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return c.UpdateKeys(ctx, pion.KeyUpdateOptions{RequestPeerUpdate: request})
	}
	return ErrNotOffered
}
