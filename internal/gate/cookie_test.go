package gate

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// withCookie returns a gate, and a hello with a cookie that the gate made for alice.
func withCookie(t *testing.T) (*Gate, wire.ClientHello) {
	t.Helper()
	g, hello := newGate(t, Config{}), newHello()
	hello.Cookie = wantCookie(t, g, start, alice, datagramOf(hello, position{}), position{})
	return g, hello
}

func TestR26CookieIsGoodForOneSenderOnly(t *testing.T) {
	g, hello := withCookie(t)
	datagram := datagramOf(hello, position{1, 1})
	for _, other := range []string{"192.0.2.2:4000", "192.0.2.1:4001", "[2001:db8::1]:4000"} {
		cookie := wantCookie(t, g, start, netip.MustParseAddrPort(other), datagram, position{1, 1})
		if bytes.Equal(cookie, hello.Cookie) {
			t.Errorf("%s gets the cookie of %v", other, alice)
		}
	}
	wantAdmit(t, g, start, alice, datagram, hello, position{1, 1})
}

func TestCookieTellsZonesApart(t *testing.T) {
	g, hello := newGate(t, Config{}), newHello()
	here, there := netip.MustParseAddrPort("[fe80::1%eth0]:4000"), netip.MustParseAddrPort("[fe80::1%eth1]:4000")
	hello.Cookie = wantCookie(t, g, start, here, datagramOf(hello, position{}), position{})
	wantAdmit(t, g, start, here, datagramOf(hello, position{1, 1}), hello, position{1, 1})
	wantCookie(t, g, start, there, datagramOf(hello, position{1, 1}), position{1, 1})
}

// A socket for both families shows the same sender in either form.
func TestCookieIsGoodForTheMappedAddress(t *testing.T) {
	g, hello := withCookie(t)
	mapped := netip.MustParseAddrPort("[::ffff:192.0.2.1]:4000")
	wantAdmit(t, g, start, mapped, datagramOf(hello, position{1, 1}), hello, position{1, 1})
}

func TestR26CookieIsGoodForOneHelloOnly(t *testing.T) {
	changes := []struct {
		name   string
		change func(hello *wire.ClientHello)
	}{
		{"version", func(h *wire.ClientHello) { h.Version = wire.VersionDTLS10 }},
		{"random", func(h *wire.ClientHello) { h.Random[31]++ }},
		{"session ID", func(h *wire.ClientHello) { h.SessionID = []byte{4, 6} }},
		{"no session ID", func(h *wire.ClientHello) { h.SessionID = nil }},
		{"suites", func(h *wire.ClientHello) {
			h.CipherSuites = wire.AppendUint16s(nil, wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
		}},
		{"order of suites", func(h *wire.ClientHello) {
			h.CipherSuites = wire.AppendUint16s(nil, wire.TLS_PSK_WITH_AES_128_CCM_8, wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
		}},
		{"compression", func(h *wire.ClientHello) { h.CompressionMethods = []byte{1} }},
		{"more compression", func(h *wire.ClientHello) { h.CompressionMethods = []byte{0, 1} }},
		{"bytes moved from one field to the next", func(h *wire.ClientHello) {
			h.SessionID = append([]byte{4, 5}, h.CipherSuites[:2]...)
			h.CipherSuites = h.CipherSuites[2:]
		}},
		{"a bit of the cookie", func(h *wire.ClientHello) { h.Cookie[31] ^= 1 }},
		{"a later time in the cookie", func(h *wire.ClientHello) { h.Cookie[3]++ }},
		{"a time of the previous period", func(h *wire.ClientHello) { h.Cookie[3]-- }},
		{"a shorter cookie", func(h *wire.ClientHello) { h.Cookie = h.Cookie[:31] }},
		{"a longer cookie", func(h *wire.ClientHello) { h.Cookie = append(h.Cookie, 0) }},
		{"no cookie", func(h *wire.ClientHello) { h.Cookie = nil }},
	}
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			g, hello := withCookie(t)
			c.change(&hello)
			hello.Cookie = wantCookie(t, g, start, alice, datagramOf(hello, position{1, 1}), position{1, 1})
			wantAdmit(t, g, start, alice, datagramOf(hello, position{2, 2}), hello, position{2, 2})
		})
	}
}

// The second hello of OpenSSL has a padding extension that the first had not.
func TestR23CookieDoesNotCoverExtensions(t *testing.T) {
	g, hello := withCookie(t)
	hello.Extensions = wire.ClientExtensions{ExtendedMasterSecret: true, Padding: 100}.AppendTo(nil)
	wantAdmit(t, g, start, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
	hello.Extensions = nil
	wantAdmit(t, g, start, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
}

// cookieAges are ages of cookies, and whether they are good then.
var cookieAges = []struct {
	age  time.Duration
	good bool
}{
	{0, true},
	{time.Second, true},
	{CookieLifetime, true},
	{CookieLifetime + 999*time.Millisecond, true}, // a cookie counts whole seconds
	{CookieLifetime + time.Second, false},
	{2 * CookieLifetime, false},
	{24 * time.Hour, false},
	{-cookieSkew * time.Second, true}, // made by a shard whose clock is read later
	{-(cookieSkew + 1) * time.Second, false},
	{-CookieLifetime, false},
}

func TestR23CookieExpires(t *testing.T) {
	for _, test := range cookieAges {
		// At the start, in the middle and at the end of a period.
		for _, offset := range []time.Duration{0, CookieLifetime / 2, CookieLifetime - time.Second} {
			g, hello := newGate(t, Config{}), newHello()
			made := start.Add(offset)
			hello.Cookie = wantCookie(t, g, made, alice, datagramOf(hello, position{}), position{})
			datagram, at := datagramOf(hello, position{1, 1}), position{1, 1}
			if test.good {
				wantAdmit(t, g, made.Add(test.age), alice, datagram, hello, at)
			} else {
				wantCookie(t, g, made.Add(test.age), alice, datagram, at)
			}
		}
	}
}

func TestCookieOfOneGateIsGoodAtAnother(t *testing.T) {
	secrets := newSecrets(t, CookieLifetime)
	one, two := New(secrets, Config{}), New(secrets, Config{})
	hello := newHello()
	hello.Cookie = wantCookie(t, one, start, alice, datagramOf(hello, position{}), position{})
	wantAdmit(t, two, start, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})

	// The other has rotated the keys already, and this one reads the clock a little late.
	later := start.Add(CookieLifetime)
	hello.Cookie = wantCookie(t, two, later, alice, datagramOf(newHello(), position{}), position{})
	wantAdmit(t, one, later.Add(-time.Second), alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
	hello.Cookie = wantCookie(t, one, later.Add(-time.Second), alice, datagramOf(newHello(), position{}), position{})
	wantAdmit(t, two, later, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
}

func TestCookieOfAnotherServerIsBad(t *testing.T) {
	g, hello := withCookie(t)
	other := New(newSecretsFrom(t, 2), Config{})
	wantCookie(t, other, start, alice, datagramOf(hello, position{1, 1}), position{1, 1})
	wantAdmit(t, g, start, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
}
