package dtls

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// On a network that loses, repeats and damages datagrams, every client gets in
// or is told why not, nothing is delivered twice or altered, and nothing is
// left of anybody in the end.
func TestAdversity(t *testing.T) {
	seeds := uint64(50)
	if testing.Short() || raceEnabled {
		seeds = 10
	}
	completed := uint64(0)
	for seed := range seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { completed += testAdversity(t, seed) })
	}
	// Damage to a handshake may end it, so that of six all may fail.
	if completed < seeds {
		t.Errorf("%d of %d clients got in", completed, 6*seeds)
	}
}

// testAdversity returns how many of six clients got in.
func testAdversity(t *testing.T, seed uint64) (completed uint64) {
	var mu sync.Mutex
	delivered := make(map[string]int)
	inWorld(t, func(s *Server) {
		s.Handler = HandlerFunc(func(s *Session, b []byte) {
			mu.Lock()
			delivered[string(b)]++
			mu.Unlock()
			s.Send(b)
		})
	}, func(w *world) {
		w.net.lose(newSaboteur(w.net, seed).lose)
		var clients sync.WaitGroup
		for i := range 6 {
			clients.Go(func() { visit(w, i) })
		}
		clients.Wait()
		w.net.lose(loseNone)
		time.Sleep(2 * DefaultHandshakeTimeout)
		got := w.srv.Stats()
		if got.HalfOpen != 0 {
			t.Errorf("seed %d: %d half open", seed, got.HalfOpen)
		}
		completed = got.HandshakesCompleted
		for text, n := range delivered {
			var client, number int
			if _, err := fmt.Sscanf(text, "datagram %d of client %d", &number, &client); err != nil || n != 1 {
				t.Errorf("seed %d: %q was delivered %d times", seed, text, n)
			}
		}
	})
	return completed
}

// visit makes a connection and sends datagrams over it.
func visit(w *world, i int) {
	c, err := w.tryDial(fmt.Sprint("198.51.100.7:", 1000+i), clientConfig())
	if err != nil {
		// A handshake message that was damaged looks like one that is illegal.
		var protocol *ProtocolError
		var alert *AlertError
		if !errors.Is(err, ErrHandshakeTimeout) && !errors.As(err, &protocol) && !errors.As(err, &alert) {
			w.t.Errorf("client %d: %v", i, err)
		}
		return
	}
	buf := make([]byte, 100)
	for number := range 30 {
		fmt.Fprintf(c, "datagram %d of client %d", number, i)
		c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(buf); err == nil && !bytes.HasPrefix(buf[:n], []byte("datagram ")) {
			w.t.Errorf("client %d read %q", i, buf[:n])
		}
	}
	c.Close()
}

// A saboteur decides the fate of datagrams.
type saboteur struct {
	net    *memNet
	mu     sync.Mutex
	random *rand.Rand
	busy   bool // sending one of its own
}

func newSaboteur(n *memNet, seed uint64) *saboteur {
	return &saboteur{net: n, random: rand.New(rand.NewPCG(seed, seed))}
}

// lose loses a datagram, or sends it once more, whole or damaged.
func (s *saboteur) lose(p packet) bool {
	s.mu.Lock()
	if s.busy {
		s.mu.Unlock()
		return false
	}
	fate := s.random.IntN(100)
	at, change := s.random.IntN(len(p.data)), byte(1+s.random.IntN(255))
	s.busy = true
	s.mu.Unlock()
	switch {
	case fate < 15: // repeated
		s.net.send(p.from, p.to, p.data)
	case fate < 30: // a damaged copy before it
		p.data[at] ^= change
		s.net.send(p.from, p.to, p.data)
		p.data[at] ^= change
	}
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
	return fate >= 75
}
