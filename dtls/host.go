package dtls

import (
	"context"
	"hash/maphash"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/udp"
)

// An owner hears of the sessions of its shards, on their goroutines.
type owner interface {
	// opened hears of a session before its first datagram.
	opened(*Session)
	// received gets the plaintext of a datagram, which is good until it
	// returns, and reports false if it has no room for it.
	received(*Session, []byte) bool
	// warned hears what probably goes wrong in a handshake that still waits.
	warned(*Session, error)
	// closed hears of the end of a session that was opened.
	closed(*Session, error)
	// failed hears of the end of a handshake.
	failed(*Session, error)
}

// A host is what the shards of a server, a listener or a client share.
type host struct {
	owner    owner
	side     engine.Side
	config   *Config
	profile  *profile
	observer *Observer // never nil
	voice    voice
	lines    lineLimit // about peers that have proven nothing, but for
	refusals lineLimit // of hellos, which say what to change
	workers  *workers
	rates    *rateLimit
	halfOpen *halfOpen
	secrets  *gate.Secrets   // nil of a client
	base     context.Context // of look-ups
	seed     maphash.Seed    // of hello hashes

	driven     atomic.Pointer[udp.Report] // how the socket that was opened last is driven
	overflowed atomic.Bool                // it was told that a socket loses datagrams
	accepting  atomic.Bool
	sessions   atomic.Int64 // established
	lastID     atomic.Uint64
}

func newHost(o owner, side engine.Side, config *Config) (*host, error) {
	p, err := config.profile(side)
	if err != nil {
		return nil, err
	}
	h := &host{
		owner:    o,
		side:     side,
		config:   config,
		profile:  p,
		observer: config.Observer,
		workers:  newWorkers(runtime.GOMAXPROCS(0)),
		base:     context.Background(),
		seed:     maphash.MakeSeed(),
	}
	if h.observer == nil {
		h.observer = &Observer{}
	}
	h.halfOpen = newHalfOpen(int64(or(config.MaxHalfOpen, DefaultMaxHalfOpen)), config.networks())
	h.voice = newVoice(side, h.observer.Name)
	h.accepting.Store(true)
	if side == engine.Server {
		h.rates = newRateLimit(or(config.HandshakeRate, DefaultHandshakeRate), or(config.HandshakeBurst, DefaultHandshakeBurst), config.networks())
		h.secrets, err = gate.NewSecrets(config.rand(), gate.CookieLifetime)
	}
	return h, err
}

// newGate returns the front door of a server's shard, which has one of its own and
// knows which addresses have a session.
func (h *host) newGate(occupied func(netip.AddrPort) bool) *gate.Gate {
	policies := [...]gate.Policy{CookiesAlways: gate.Always, CookiesNever: gate.Never, CookiesUnderLoad: gate.UnderLoad}
	return gate.New(h.secrets, gate.Config{
		Versions:   h.profile.engine.Versions,
		Policy:     &h.profile.engine.Policy,
		Cookies:    policies[h.config.Cookies],
		Crowded:    h.halfOpen.crowded,
		Occupied:   occupied,
		AnswerRate: h.config.CookieRate,
		Networks:   h.config.networks(),
	})
}

// maxSessions returns the limit of the configuration.
func (h *host) maxSessions() int64 { return int64(or(h.config.MaxSessions, DefaultMaxSessions)) }

// idleTimeout returns how long a session may be idle, or 0 for ever.
func (h *host) idleTimeout() time.Duration {
	timeout := h.config.IdleTimeout
	if h.side == engine.Server {
		timeout = or(timeout, DefaultIdleTimeout)
	}
	return max(timeout, 0)
}

func (h *host) handshakeTimeout() time.Duration {
	return or(h.config.HandshakeTimeout, DefaultHandshakeTimeout)
}
