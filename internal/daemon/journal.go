package daemon

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// journalSize is how many lines and datagrams may wait to be printed.
const journalSize = 1024

// A Journal stands between the goroutines that serve and a printer that may
// be slow. Those who tell it something never wait and never pay for
// formatting: what is over the limits, or finds no room, is only counted, and
// the count is printed once a second. Its methods may be called from any
// goroutine.
type Journal struct {
	printer printer
	limits  DatagramLimits

	allowance atomic.Int64  // datagrams that may be shown until the second ends
	hidden    atomic.Uint64 // datagrams that were not

	mu      sync.Mutex
	ring    [journalSize]note
	first   int // the oldest note
	waiting int // notes in the ring
	lost    int // lines that found no room
	closed  bool

	unwritten bool // a datagram could not be printed; for run

	wake chan struct{}
	done chan struct{}
}

// DatagramLimits bound what is shown of datagrams.
type DatagramLimits struct {
	Detail Detail
	Rate   int // datagrams a second
	Bytes  int // of ciphertext, and of plaintext, per datagram
}

// A note is a line, or a datagram whose bytes are in buffers that the ring
// uses again and again.
type note struct {
	line       Line
	isDatagram bool
	datagram   Datagram
}

// NewJournal starts a journal, which has to be closed.
func NewJournal(p printer, limits DatagramLimits) *Journal {
	j := &Journal{
		printer: p,
		limits:  limits,
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	j.allowance.Store(int64(limits.Rate))
	go j.run()
	return j
}

// Tell adds a line.
func (j *Journal) Tell(l Line) {
	j.mu.Lock()
	n := j.add(journalSize)
	if n == nil {
		j.lost++
	} else {
		n.isDatagram, n.line = false, l
	}
	j.mu.Unlock()
	j.kick()
}

// Show adds a datagram and copies what will be shown of it.
func (j *Journal) Show(d Datagram) {
	if j.limits.Detail == DetailOff {
		return
	}
	if j.allowance.Add(-1) < 0 {
		j.hidden.Add(1)
		return
	}
	j.mu.Lock()
	// A quarter of the ring is left to lines, which matter more.
	n := j.add(journalSize / 4 * 3)
	if n == nil {
		j.hidden.Add(1)
	} else {
		n.isDatagram = true
		j.copyDatagram(&n.datagram, d)
	}
	j.mu.Unlock()
	j.kick()
}

func (j *Journal) copyDatagram(to *Datagram, d Datagram) {
	ciphertext, plaintext := to.Ciphertext[:0], to.Plaintext[:0]
	if j.limits.Detail == DetailFull {
		ciphertext = append(ciphertext, d.Ciphertext[:min(len(d.Ciphertext), j.limits.Bytes)]...)
		plaintext = append(plaintext, d.Plaintext[:min(len(d.Plaintext), j.limits.Bytes)]...)
	}
	*to = Datagram{
		Time:           time.Now(),
		Peer:           d.Peer,
		Ciphertext:     ciphertext,
		Plaintext:      plaintext,
		CiphertextSize: len(d.Ciphertext),
		PlaintextSize:  len(d.Plaintext),
	}
}

// add returns the place of a new note, or nil if limit notes are waiting. The
// caller holds the lock.
func (j *Journal) add(limit int) *note {
	if j.closed || j.waiting >= limit {
		return nil
	}
	n := &j.ring[(j.first+j.waiting)%journalSize]
	j.waiting++
	return n
}

func (j *Journal) kick() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// run prints until the journal is closed and everything is printed.
func (j *Journal) run() {
	defer close(j.done)
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		j.printWaiting()
		j.mu.Lock()
		over := j.closed && j.waiting == 0
		j.mu.Unlock()
		if over {
			j.printUntold()
			return
		}
		select {
		case <-j.wake:
		case <-second.C:
			j.allowance.Store(int64(j.limits.Rate))
			j.printUntold()
		}
	}
}

// printWaiting prints what is in the ring. The oldest note changes places
// with one of our own, so that nobody waits for the printer.
func (j *Journal) printWaiting() {
	var n note
	for {
		j.mu.Lock()
		if j.waiting == 0 {
			j.mu.Unlock()
			return
		}
		n, j.ring[j.first] = j.ring[j.first], n
		j.first = (j.first + 1) % journalSize
		j.waiting--
		j.mu.Unlock()
		if n.isDatagram {
			j.printDatagram(n.datagram)
		} else {
			j.printer.line(n.line)
		}
	}
}

// printDatagram goes on where datagrams cannot be written, because sessions
// matter more, but not without a word.
func (j *Journal) printDatagram(d Datagram) {
	err := j.printer.datagram(d, j.limits.Detail)
	if err == nil || j.unwritten {
		return
	}
	j.unwritten = true
	j.printer.line(Line{Time: time.Now(), Level: slog.LevelError, Text: "standard output: " + rootCause(err).Error()})
}

// printUntold says how much was left out.
func (j *Journal) printUntold() {
	if n := j.hidden.Swap(0); n > 0 {
		j.printer.line(Line{Time: time.Now(), Level: slog.LevelWarn, Text: fmt.Sprintf("%d datagrams not shown", n)})
	}
	j.mu.Lock()
	lost := j.lost
	j.lost = 0
	j.mu.Unlock()
	if lost > 0 {
		j.printer.line(Line{Time: time.Now(), Level: slog.LevelWarn, Text: fmt.Sprintf("%d lines not shown", lost)})
	}
}

// Close prints what waits and ends the journal. It waits no longer than
// patience for a printer that is stuck.
func (j *Journal) Close(patience time.Duration) {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.kick()
	select {
	case <-j.done:
	case <-time.After(patience):
	}
}
