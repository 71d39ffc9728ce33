package interop

import (
	"fmt"
	"testing"
)

// everyPeer are the peers that a scenario can be put to, whatever it is.
var everyPeer = []Implementation{openSSL{}, gnuTLS{}, mbedTLS{}, wolfSSL{}, pionDTLS{}}

// smallMTU makes every certificate travel in fragments, and longProtocol, the longest that GnuTLS takes, some a
// ClientHello with a cookie as well.
const (
	smallMTU     = 256
	longProtocol = "a-protocol-with-quite-a-long-id"
)

// TestFragments lets both ends send small datagrams.
func TestFragments(t *testing.T) {
	for _, peer := range everyPeer {
		for _, authentication := range []Authentication{{RSA, NoCredential}, {RSA, RSA}} {
			if peer.Authenticates(Client, authentication) {
				tryFeature(t, peer, 0xc02f, authentication, feature{
					how:  fmt.Sprintf("MTU %d", smallMTU),
					set:  func(s *Scenario) { s.MTU, s.ALPN = smallMTU, longProtocol },
					fact: SuiteName, tells: []string{peer.Suites(Client)[0xc02f]},
				})
			}
		}
	}
}

// lossExceptions are the peers that do not recover from the loss of that datagram. wolfSSL's server does not repeat its
// last flight when the client repeats its own.
var lossExceptions = map[lostDatagram][]part{
	{Server, 2}: {{wolfSSL{}, Server}},
}

// A lostDatagram is the n-th of a side, from 0.
type lostDatagram struct {
	from Role
	n    int
}

// TestLostDatagrams loses one datagram of the handshake and expects that it is completed all the same. The first three
// of either side are hello, hello with cookie and the second flight of the client, and HelloVerifyRequest and two
// flights of the server.
func TestLostDatagrams(t *testing.T) {
	for _, peer := range everyPeer {
		for _, loser := range []Role{Client, Server} {
			for n := range 3 {
				tryFeature(t, peer, 0xccac, Authentication{PreSharedKey, PreSharedKey}, feature{
					except: lossExceptions[lostDatagram{loser, n}],
					how:    fmt.Sprintf("datagram %d of the %v is lost", n, loser),
					set: func(s *Scenario) {
						s.Lose = func(from Role, datagram int) bool { return from == loser && datagram == n }
					},
					fact: SuiteName, tells: []string{peer.Suites(Client)[0xccac]},
				})
			}
		}
	}
}
