package gate

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

func newSecretsFrom(t testing.TB, seed byte) *Secrets {
	t.Helper()
	s, err := NewSecrets(rand.NewChaCha8([32]byte{seed}), CookieLifetime)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestR23KeyIsKeptForOneRotation(t *testing.T) {
	s := newSecrets(t, CookieLifetime)
	second, lifetime := start.Unix(), int64(CookieLifetime/time.Second)
	first := s.at(second)
	if s.at(second+lifetime-1) != first {
		t.Error("keys changed within a period")
	}
	next := s.at(second + lifetime)
	if next.previous != first.current || next.current == first.current {
		t.Error("the key is not kept for the next period")
	}
	last := s.at(second + 2*lifetime)
	if last.previous != next.current || last.current == first.current {
		t.Error("the key is still there after two periods")
	}
}

func TestR23OldCookieIsAcceptedAfterOneRotationAndNotAfterTwo(t *testing.T) {
	g, hello := newGate(t, Config{}), newHello()
	made := start.Add(CookieLifetime - time.Second) // the last second of a period
	hello.Cookie = wantCookie(t, g, made, alice, datagramOf(hello, position{}), position{})
	datagram := datagramOf(hello, position{1, 1})
	wantAdmit(t, g, start.Add(CookieLifetime), alice, datagram, hello, position{1, 1})
	wantCookie(t, g, start.Add(2*CookieLifetime), alice, datagram, position{1, 1})
	// Not even where the clock goes back to when it had not expired.
	wantCookie(t, g, made, alice, datagram, position{1, 1})
}

func TestSecretsStayWhenTheClockGoesBack(t *testing.T) {
	s := newSecrets(t, CookieLifetime)
	keys := s.at(start.Unix())
	if s.at(start.Add(-time.Hour).Unix()) != keys {
		t.Error("keys changed")
	}
}

func TestSecretsStayWhenNoneCanBeDrawn(t *testing.T) {
	source := io.MultiReader(bytes.NewReader(make([]byte, 32)), iotest.ErrReader(errors.New("no entropy")))
	s, err := NewSecrets(source, CookieLifetime)
	if err != nil {
		t.Fatal(err)
	}
	g, hello := New(s, Config{}), newHello()
	hello.Cookie = wantCookie(t, g, start, alice, datagramOf(hello, position{}), position{})
	wantAdmit(t, g, start, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
}

func TestNewSecretsFails(t *testing.T) {
	broken := errors.New("no entropy")
	if _, err := NewSecrets(iotest.ErrReader(broken), CookieLifetime); !errors.Is(err, broken) {
		t.Errorf("broken source: %v", err)
	}
	for _, lifetime := range []time.Duration{-time.Second, 0, 999 * time.Millisecond} {
		if _, err := NewSecrets(rand.NewChaCha8([32]byte{}), lifetime); err == nil {
			t.Errorf("lifetime %v is accepted", lifetime)
		}
	}
}

func TestSecretsAreSharedBetweenGoroutines(t *testing.T) {
	s := newSecrets(t, time.Second)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			g := New(s, Config{})
			for i := range 200 {
				now := start.Add(time.Duration(i) * 100 * time.Millisecond)
				g.Receive(now, alice, datagramOf(newHello(), position{}), nil)
			}
		})
	}
	wait.Wait()
}
