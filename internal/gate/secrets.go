package gate

import (
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// CookieLifetime is how long a cookie is good where nothing else is configured.
const CookieLifetime = 60 * time.Second

// Secrets are the rotating keys of a server's cookies. All gates of a server share one Secrets, so that a
// cookie made by one is good at every other. It is safe for concurrent use.
//
// Time is cut into periods as long as a cookie lives, and each period has a key. The keys of two periods
// are known at a time, so a cookie of the previous period can be checked until it expires.
type Secrets struct {
	lifetime int64 // of a cookie, and length of a period, in seconds
	keys     atomic.Pointer[keyPair]

	mu   sync.Mutex // held to replace keys
	rand io.Reader
}

// A keyPair is the keys of a period and of the one before it. It never changes.
type keyPair struct {
	period            int64
	current, previous [sha256.Size]byte
}

// NewSecrets draws keys from rand for cookies that are good for that long, in whole seconds. It fails if
// rand does, or if lifetime is below a second.
func NewSecrets(rand io.Reader, lifetime time.Duration) (*Secrets, error) {
	s := &Secrets{lifetime: int64(lifetime / time.Second), rand: rand}
	if s.lifetime < 1 {
		return nil, errors.New("cookie lifetime is below one second")
	}
	// The first datagram tells the time: until then the keys are those of a period long ago.
	keys := &keyPair{period: math.MinInt64}
	if _, err := io.ReadFull(rand, keys.current[:]); err != nil {
		return nil, err
	}
	s.keys.Store(keys)
	return s, nil
}

// at returns the keys to be used at that second of Unix time, after drawing a new one if a period began.
func (s *Secrets) at(second int64) *keyPair {
	keys := s.keys.Load()
	if s.period(second) <= keys.period {
		return keys
	}
	return s.rotate(second)
}

// rotate makes the current key the previous one. If no new key can be drawn, the old ones stay.
func (s *Secrets) rotate(second int64) *keyPair {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.keys.Load()
	if s.period(second) <= old.period {
		return old // another gate was faster
	}
	keys := &keyPair{period: s.period(second), previous: old.current}
	if _, err := io.ReadFull(s.rand, keys.current[:]); err != nil {
		return old
	}
	s.keys.Store(keys)
	return keys
}

func (s *Secrets) period(second int64) int64 { return second / s.lifetime }

// isPrevious reports whether the cookies of that second are made with the previous key of the pair.
func (s *Secrets) isPrevious(keys *keyPair, second int64) bool {
	return s.period(second) == keys.period-1
}
