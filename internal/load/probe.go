package load

import (
	"math/rand/v2"
	"time"
)

// probes send a datagram over idle sessions now and then, and again until it is
// answered.
type probes struct {
	w       *worker
	first   int // of the seats that are idle
	seats   int
	random  *rand.Rand
	pace    pace
	scratch []byte
	pattern *pattern
	out     map[int]*probe // by seat
}

// A probe waits for an answer.
type probe struct{ begun, sent time.Duration }

const (
	probeEvery = 30 * time.Second       // over each session, on average
	probeAgain = 500 * time.Millisecond // if there is no answer
)

func newProbes(w *worker, first, seats int) *probes {
	p := &probes{w: w, first: first, seats: seats, pattern: newPattern(), scratch: make([]byte, touchSize), out: map[int]*probe{}}
	p.random = rand.New(rand.NewPCG(2, uint64(w.number)))
	p.pace.rate = float64(seats) / probeEvery.Seconds()
	return p
}

// answered takes any answer: not every server echoes.
func (p *probes) answered(seat int) {
	if _, waits := p.out[seat]; waits {
		delete(p.out, seat)
		p.w.seats[seat].trim = true
	}
}

// tick sends what is due, and returns the seats over which no answer came.
func (p *probes) tick(now time.Duration) (lost []int) {
	for range p.pace.due(now) {
		seat := p.first + p.random.IntN(p.seats)
		if _, waits := p.out[seat]; !waits && p.w.established(seat) {
			p.out[seat] = &probe{begun: now}
			p.w.tally.touched++
		}
	}
	for seat, q := range p.out {
		switch {
		case now-q.begun > lostTime:
			delete(p.out, seat)
			lost = append(lost, seat)
		case q.sent == 0 || now-q.sent > probeAgain:
			q.sent = now
			p.pattern.fill(p.scratch, uint32(seat), 0, now)
			p.w.say(seat, p.scratch)
		}
	}
	return lost
}
