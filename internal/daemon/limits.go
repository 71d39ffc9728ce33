package daemon

import "github.com/dtlsd/dtlsd/dtls"

// Limits are what a server does about too many clients, be they real or not.
// Numbers of 0 leave it to the library.
type Limits struct {
	Cookies     Cookies  `toml:"cookies"`
	CookieRate  int      `toml:"cookie-rate"`
	MaxHalfOpen int      `toml:"max-half-open"`
	MaxSessions int      `toml:"max-sessions"`
	WhenFull    WhenFull `toml:"when-full"`
	NetworkIPv4 int      `toml:"network-ipv4"`
	NetworkIPv6 int      `toml:"network-ipv6"`
}

// Cookies say which clients are asked for a cookie.
type Cookies string

const (
	CookiesAlways    Cookies = "always"
	CookiesUnderLoad Cookies = "under-load"
)

// WhenFull is what becomes of a client for whom there is no room.
type WhenFull string

const (
	WhenFullRefuse WhenFull = "refuse"
	WhenFullEvict  WhenFull = "evict" // the session that has been silent for longest
)

// DefaultLimits are those of a server that is told nothing about them.
func DefaultLimits() Limits {
	return Limits{
		Cookies:     CookiesAlways,
		CookieRate:  dtls.DefaultCookieRate,
		MaxHalfOpen: dtls.DefaultMaxHalfOpen,
		MaxSessions: dtls.DefaultMaxSessions,
		WhenFull:    WhenFullRefuse,
		NetworkIPv4: dtls.DefaultNetworkIPv4,
		NetworkIPv6: dtls.DefaultNetworkIPv6,
	}
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (c *Cookies) UnmarshalText(text []byte) error {
	return choose(c, text, CookiesAlways, CookiesUnderLoad)
}

// MarshalText implements [encoding.TextMarshaler].
func (c Cookies) MarshalText() ([]byte, error) { return []byte(c), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (w *WhenFull) UnmarshalText(text []byte) error {
	return choose(w, text, WhenFullRefuse, WhenFullEvict)
}

// MarshalText implements [encoding.TextMarshaler].
func (w WhenFull) MarshalText() ([]byte, error) { return []byte(w), nil }

// validate finds what cannot be meant.
func (l *Limits) validate() error {
	switch {
	case l.CookieRate < 0 || l.MaxHalfOpen < 0 || l.MaxSessions < 0:
		return usageFault("", "--cookie-rate, --max-half-open and --max-sessions cannot be negative")
	case l.NetworkIPv4 < 0 || l.NetworkIPv4 > 32:
		return usageFault("an address of IPv4 has 32 bits", "--network-ipv4 has to be between 1 and 32")
	case l.NetworkIPv6 < 0 || l.NetworkIPv6 > 128:
		return usageFault("an address of IPv6 has 128 bits", "--network-ipv6 has to be between 1 and 128")
	}
	return nil
}

// apply says so to the library.
func (l *Limits) apply(c *dtls.Config) {
	c.CookieRate = l.CookieRate
	c.MaxHalfOpen, c.MaxSessions = l.MaxHalfOpen, l.MaxSessions
	c.NetworkIPv4, c.NetworkIPv6 = l.NetworkIPv4, l.NetworkIPv6
	if l.Cookies == CookiesUnderLoad {
		c.Cookies = dtls.CookiesUnderLoad
	}
	if l.WhenFull == WhenFullEvict {
		c.WhenFull = dtls.EvictWhenFull
	}
}
