package daemon

import (
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestLimitsOfAFile(t *testing.T) {
	s, err := loadSettings(t, `
cookies = "under-load"
cookie-rate = 1000
max-half-open = 200
max-sessions = 300
when-full = "evict"
network-ipv4 = 20
network-ipv6 = 48
`, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	var c dtls.Config
	s.Limits.apply(&c)
	if c.Cookies != dtls.CookiesUnderLoad || c.CookieRate != 1000 || c.MaxHalfOpen != 200 || c.MaxSessions != 300 ||
		c.WhenFull != dtls.EvictWhenFull || c.NetworkIPv4 != 20 || c.NetworkIPv6 != 48 {
		t.Errorf("%+v became cookies %v at %d, %d half open, %d sessions, %v when full, networks %d and %d", s.Limits,
			c.Cookies, c.CookieRate, c.MaxHalfOpen, c.MaxSessions, c.WhenFull, c.NetworkIPv4, c.NetworkIPv6)
	}
}

func TestDefaultLimitsAreThoseOfTheLibrary(t *testing.T) {
	var c dtls.Config
	l := DefaultLimits()
	l.apply(&c)
	if c.Cookies != dtls.CookiesAlways || c.WhenFull != dtls.RefuseWhenFull || c.CookieRate != dtls.DefaultCookieRate {
		t.Errorf("cookies %v at %d, %v when full", c.Cookies, c.CookieRate, c.WhenFull)
	}
}

func TestImpossibleLimits(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{`cookies = "never"`, `cookies: "never" is not one of always, under-load`},
		{`when-full = "panic"`, `when-full: "panic" is not one of refuse, evict`},
		{`max-sessions = -1`, "--max-sessions cannot be negative"},
		{`network-ipv4 = 33`, "--network-ipv4 has to be between 1 and 32"},
		{`network-ipv6 = 129`, "--network-ipv6 has to be between 1 and 128"},
	} {
		s, err := loadSettings(t, test.line+"\n", 0o644)
		if err == nil {
			err = s.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.line, err)
		}
	}
}
