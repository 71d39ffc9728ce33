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
		for _, suite := range []Suite{0xc02f, 0x1301} {
			for _, authentication := range []Authentication{{RSA, NoCredential}, {RSA, RSA}} {
				name, has := peer.Suites(Client)[suite]
				if has && peer.Authenticates(Client, authentication) {
					tryFeature(t, peer, suite, authentication, feature{
						how:  fmt.Sprintf("MTU %d", smallMTU),
						set:  func(s *Scenario) { s.MTU, s.ALPN = smallMTU, longProtocol },
						fact: SuiteName, tells: []string{name},
					})
				}
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
// of either side are hello, hello with cookie and the second flight of the client, and the request for a cookie and two
// flights of the server; in DTLS 1.3 the last one is an ACK.
func TestLostDatagrams(t *testing.T) {
	for _, peer := range everyPeer {
		loseOne(t, peer, 0xccac, Authentication{PreSharedKey, PreSharedKey})
	}
	loseOne(t, pionDTLS{}, 0x1301, Authentication{ECDSA, ECDSA})
}

// loseOne loses each of the datagrams once.
func loseOne(t *testing.T, peer Implementation, suite Suite, authentication Authentication) {
	for _, loser := range []Role{Client, Server} {
		for n := range 3 {
			tryFeature(t, peer, suite, authentication, feature{
				except: lossExceptions[lostDatagram{loser, n}],
				how:    fmt.Sprintf("datagram %d of the %v is lost", n, loser),
				set: func(s *Scenario) {
					s.Fate = func(from Role, datagram int) Fate {
						if from == loser && datagram == n {
							return Lost
						}
						return Delivered
					}
				},
				fact: SuiteName, tells: []string{peer.Suites(Client)[suite]},
			})
		}
	}
}

// TestReorderedDatagrams has every second datagram of the handshake, which are small and so many, overtaken by the one
// behind it.
func TestReorderedDatagrams(t *testing.T) {
	for _, suite := range []Suite{0xc02f, 0x1301} {
		tryFeature(t, pionDTLS{}, suite, Authentication{RSA, RSA}, feature{
			how: "reordered",
			set: func(s *Scenario) {
				s.MTU = smallMTU
				s.Fate = func(_ Role, datagram int) Fate {
					if datagram%2 == 0 && datagram < 16 {
						return Late
					}
					return Delivered
				}
			},
			fact: SuiteName, tells: []string{pionSuites[suite]},
		})
	}
}
