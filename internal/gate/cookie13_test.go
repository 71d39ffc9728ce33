package gate

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// asked returns a gate, a first hello, and the request that answered it.
func asked(t *testing.T) (*Gate, hello13, wire.HelloRetryRequest) {
	t.Helper()
	g, first := newGate13(t, Config{}), newHello13()
	first.prefer(wire.GroupX25519MLKEM768)
	return g, first, wantRetry(t, g, start, alice, first.datagram(position{}), position{})
}

func wantBadCookie(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte, at position) {
	t.Helper()
	err := wantRefusal(t, g, now, peer, datagram, at, wire.DropBadCookie, wire.AlertIllegalParameter)
	if got := err.Error(); got != errBadCookie.Error() {
		t.Errorf("error %s", got)
	}
}

func TestR26CookieOfDTLS13IsGoodForOneSenderOnly(t *testing.T) {
	g, first, request := asked(t)
	datagram := first.again(request).datagram(position{1, 1})
	for _, other := range []string{"192.0.2.2:4000", "192.0.2.1:4001", "[2001:db8::1]:4000"} {
		wantBadCookie(t, g, start, netip.MustParseAddrPort(other), datagram, position{1, 1})
	}
	wantRetried(t, g, start, alice, first, request, position{1, 1})
}

func TestCookieOfDTLS13TellsZonesApart(t *testing.T) {
	g, first := newGate13(t, Config{}), newHello13()
	here, there := netip.MustParseAddrPort("[fe80::1%eth0]:4000"), netip.MustParseAddrPort("[fe80::1%eth1]:4000")
	request := wantRetry(t, g, start, here, first.datagram(position{}), position{})
	wantRetried(t, g, start, here, first, request, position{1, 1})
	wantBadCookie(t, g, start, there, first.again(request).datagram(position{1, 1}), position{1, 1})
}

// RFC 8446, Section 4.1.2 lists what a second hello may change.
func TestR26CookieOfDTLS13IsGoodForOneHelloOnly(t *testing.T) {
	changes := []struct {
		name   string
		change func(h *hello13)
	}{
		{"version", func(h *hello13) { h.Version = wire.VersionDTLS10 }},
		{"random", func(h *hello13) { h.Random[31]++ }},
		{"session ID", func(h *hello13) { h.SessionID = []byte{4, 6} }},
		{"no session ID", func(h *hello13) { h.SessionID = nil }},
		{"suites", func(h *hello13) { h.CipherSuites = h.CipherSuites[:2] }},
		{"order of suites", func(h *hello13) {
			h.CipherSuites = wire.AppendUint16s(nil, wire.TLS_AES_256_GCM_SHA384, wire.TLS_AES_128_GCM_SHA256, wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
		}},
		{"compression", func(h *hello13) { h.CompressionMethods = []byte{1} }},
		{"bytes moved from one field to the next", func(h *hello13) {
			h.SessionID = append([]byte{4, 5}, h.CipherSuites[:2]...)
			h.CipherSuites = h.CipherSuites[2:]
		}},
		{"a shorter cookie", func(h *hello13) { h.ext.Cookie = h.ext.Cookie[:len(h.ext.Cookie)-1] }},
		{"a longer cookie", func(h *hello13) { h.ext.Cookie = append(h.ext.Cookie, 0) }},
		{"a hash longer by the MAC", func(h *hello13) { h.ext.Cookie = append(h.ext.Cookie, make([]byte, 16)...) }},
		{"one byte of cookie", func(h *hello13) { h.ext.Cookie = []byte{0} }},
		{"a cookie of zeros", func(h *hello13) { h.ext.Cookie = make([]byte, len(h.ext.Cookie)) }},
		{"a very long cookie", func(h *hello13) { h.ext.Cookie = make([]byte, 1000) }},
	}
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			g, first, request := asked(t)
			second := first.again(request)
			second.ext.Cookie = bytes.Clone(request.Cookie)
			c.change(&second)
			wantBadCookie(t, g, start, alice, second.datagram(position{1, 1}), position{1, 1})
			wantRetried(t, g, start, alice, first, request, position{1, 1})
		})
	}
}

func TestR26EveryBitOfACookieOfDTLS13Counts(t *testing.T) {
	g, first, request := asked(t)
	second := first.again(request)
	second.ext.Cookie = bytes.Clone(request.Cookie)
	for i := range second.ext.Cookie {
		for bit := range 8 {
			second.ext.Cookie[i] ^= 1 << bit
			v, _ := g.Receive(start, alice, second.datagram(position{1, 1}), nil)
			if v.Action != Refuse || v.Drop != wire.DropBadCookie {
				t.Errorf("bit %d of byte %d: %v", bit, i, v.Action)
			}
			second.ext.Cookie[i] ^= 1 << bit
		}
	}
	wantRetried(t, g, start, alice, first, request, position{1, 1})
}

// Shares, padding, binders and whatever else a client decides anew is not covered.
func TestR23CookieOfDTLS13DoesNotCoverExtensions(t *testing.T) {
	g, first, request := asked(t)
	second := first.again(request)
	second.ext.Padding, second.ext.ALPN, second.ext.ServerName = 100, nil, ""
	v := wantAdmit(t, g, start, alice, second.datagram(position{1, 1}), second.encode(), position{1, 1})
	checkRetried(t, v, first, request)
}

func TestR23CookieOfDTLS13Expires(t *testing.T) {
	for _, test := range cookieAges {
		// At the start, in the middle and at the end of a period.
		for _, offset := range []time.Duration{0, CookieLifetime / 2, CookieLifetime - time.Second} {
			g, first, made := newGate13(t, Config{}), newHello13(), start.Add(offset)
			request := wantRetry(t, g, made, alice, first.datagram(position{}), position{})
			if test.good {
				wantRetried(t, g, made.Add(test.age), alice, first, request, position{1, 1})
			} else {
				wantBadCookie(t, g, made.Add(test.age), alice, first.again(request).datagram(position{1, 1}), position{1, 1})
			}
		}
	}
}

func TestR23OldCookieOfDTLS13IsAcceptedAfterOneRotationAndNotAfterTwo(t *testing.T) {
	g, first := newGate13(t, Config{}), newHello13()
	made := start.Add(CookieLifetime - time.Second) // the last second of a period
	request := wantRetry(t, g, made, alice, first.datagram(position{}), position{})
	wantRetried(t, g, start.Add(CookieLifetime), alice, first, request, position{1, 1})
	datagram := first.again(request).datagram(position{1, 1})
	wantBadCookie(t, g, start.Add(2*CookieLifetime), alice, datagram, position{1, 1})
	// Not even where the clock goes back to when it had not expired.
	wantBadCookie(t, g, made, alice, datagram, position{1, 1})
}

func TestCookieOfDTLS13OfOneGateIsGoodAtAnother(t *testing.T) {
	secrets, cfg, first := newSecrets(t, CookieLifetime), with13(Config{}), newHello13()
	one, two := New(secrets, cfg), New(secrets, cfg)
	// The other has rotated the keys already, and this one reads the clock a little late.
	later := start.Add(CookieLifetime)
	request := wantRetry(t, two, later, alice, first.datagram(position{}), position{})
	wantRetried(t, one, later.Add(-time.Second), alice, first, request, position{1, 1})
	request = wantRetry(t, one, later.Add(-time.Second), alice, first.datagram(position{}), position{})
	wantRetried(t, two, later, alice, first, request, position{1, 1})

	other := New(newSecretsFrom(t, 2), cfg)
	wantBadCookie(t, other, later, alice, first.again(request).datagram(position{1, 1}), position{1, 1})
}

// The keys are the same, and what they authenticate is not.
func TestCookiesOfTheVersionsDoNotMix(t *testing.T) {
	g, first := newGate13(t, Config{}), newHello13()
	hello := first.encode()
	cookie12 := bytes.Clone(g.baker.bake(start, alice, &hello))
	first.ext.Cookie = cookie12
	wantBadCookie(t, g, start, alice, first.datagram(position{}), position{})

	// Even one that had the same content and the same length.
	hash := make([]byte, cookieLen-cookie13HeadLen-cookie13MACLen)
	cookie13 := g.baker.bake13(nil, start, alice, &hello, &Retry{Suite: suite.All13()[0], HelloHash: hash})
	if hello.Cookie = cookie13; len(cookie13) != cookieLen || g.baker.good(start, alice, &hello) {
		t.Errorf("cookie %x is good in DTLS 1.2", cookie13)
	}
}

func TestCookieOfDTLS13KeepsEveryChoice(t *testing.T) {
	g, hello := newGate13(t, Config{}), newHello()
	for _, s := range suite.All13() {
		for _, group := range groups {
			for _, share := range []bool{false, true} {
				want := Retry{Suite: s, Group: group, Share: share, HelloHash: make([]byte, s.Hash.Size())}
				want.Cookie = g.baker.bake13(nil, start, alice, &hello, &want)
				var got Retry
				if !g.baker.open13(start, alice, &hello, want.Cookie, &got) || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
				if len(want.Cookie) > maxCookie13 {
					t.Errorf("cookie of %d bytes", len(want.Cookie))
				}
			}
		}
	}
}
