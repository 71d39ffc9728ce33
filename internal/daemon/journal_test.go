package daemon

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A recorder is a printer that remembers, and that waits at its gate.
type recorder struct {
	gate chan struct{} // nil: open
	full error         // of each datagram

	mu    sync.Mutex
	lines []string
}

func (r *recorder) line(l Line) { r.add(l.Text) }

func (r *recorder) datagram(d Datagram, detail Detail) error {
	r.add(fmt.Sprintf("%s %s/%d %s/%d", detail, d.Ciphertext, d.CiphertextSize, d.Plaintext, d.PlaintextSize))
	return r.full
}

func (r *recorder) answer(d Datagram) error {
	r.add(string(d.Plaintext))
	return r.full
}

func (r *recorder) add(s string) {
	if r.gate != nil {
		<-r.gate
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, s)
}

func (r *recorder) want(t *testing.T, want ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(r.lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestJournalKeepsTheOrder(t *testing.T) {
	r := &recorder{}
	j := NewJournal(r, DatagramLimits{DetailFull, 10, 100})
	j.Tell(Line{Text: "one"})
	j.Show(Datagram{Ciphertext: []byte("cipher"), Plaintext: []byte("plain")})
	j.Tell(Line{Text: "three"})
	j.Close(time.Minute)
	r.want(t, "one", "full cipher/6 plain/5", "three")
}

func TestJournalTellsOnceThatDatagramsCannotBeWritten(t *testing.T) {
	r := &recorder{full: syscall.ENOSPC}
	j := NewJournal(r, DatagramLimits{DetailMeta, 10, 100})
	j.Show(Datagram{})
	j.Show(Datagram{})
	j.Close(time.Minute)
	r.want(t, "meta /0 /0", "standard output: no space left on device", "meta /0 /0")
}

func TestJournalShowsSoManyDatagramsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		j := NewJournal(r, DatagramLimits{DetailMeta, 2, 100})
		for range 5 {
			j.Show(Datagram{Plaintext: []byte("x")})
		}
		time.Sleep(1500 * time.Millisecond)
		r.want(t, "meta /0 /1", "meta /0 /1", "3 datagrams not shown")
		j.Show(Datagram{Plaintext: []byte("xy")})
		j.Close(time.Minute)
		r.want(t, "meta /0 /1", "meta /0 /1", "3 datagrams not shown", "meta /0 /2")
	})
}

func TestJournalShowsSoManyBytesOfADatagram(t *testing.T) {
	r := &recorder{}
	j := NewJournal(r, DatagramLimits{DetailFull, 10, 3})
	j.Show(Datagram{Ciphertext: []byte("abcdef"), Plaintext: []byte("xy")})
	j.Show(Datagram{Ciphertext: []byte("gh"), Plaintext: []byte("wxyz")})
	j.Close(time.Minute)
	r.want(t, "full abc/6 xy/2", "full gh/2 wxy/4")
}

func TestJournalCopiesDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan struct{})}
		j := NewJournal(r, DatagramLimits{DetailFull, 10, 100})
		buffer := []byte("first")
		j.Show(Datagram{Plaintext: buffer})
		copy(buffer, "again")
		close(r.gate)
		j.Close(time.Minute)
		r.want(t, "full /0 first/5")
	})
}

func TestStuckPrinterStopsNobodyAndLinesComeBeforeDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{gate: make(chan struct{})}
		j := NewJournal(r, DatagramLimits{DetailMeta, 1 << 30, 100})
		j.Tell(Line{Text: "stuck"})
		synctest.Wait()
		for range 2 * journalSize {
			j.Show(Datagram{})
		}
		for range 2 * journalSize {
			j.Tell(Line{Text: "line"})
		}
		j.Close(time.Second) // returns although the printer is stuck
		close(r.gate)
		<-j.done
		count := make(map[string]int)
		for _, l := range r.lines {
			count[l]++
		}
		const datagrams = journalSize / 4 * 3
		if count["meta /0 /0"] != datagrams || count["line"] != journalSize-datagrams {
			t.Errorf("printed %d datagrams and %d lines", count["meta /0 /0"], count["line"])
		}
		if n := fmt.Sprintf("%d datagrams not shown", 2*journalSize-datagrams); count[n] != 1 {
			t.Errorf("no line %q in %v", n, count)
		}
		if n := fmt.Sprintf("%d lines not shown", journalSize+datagrams); count[n] != 1 {
			t.Errorf("no line %q in %v", n, count)
		}
	})
}

func TestFloodOfDatagramsAllocatesNothing(t *testing.T) {
	j := &Journal{limits: DatagramLimits{DetailFull, 0, 100}, wake: make(chan struct{}, 1)}
	d := Datagram{Ciphertext: make([]byte, 1200), Plaintext: make([]byte, 1170)}
	if n := testing.AllocsPerRun(1000, func() { j.Show(d) }); n != 0 {
		t.Errorf("%v allocations for a datagram that is not shown", n)
	}
}
