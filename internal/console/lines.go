package console

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// The bounds of what is kept of the log and of datagrams.
const (
	maxLines     = 1 << 15
	payloadBytes = 4 << 20 // of ciphertext and plaintext, of all datagrams
	shownBytes   = 2048    // of each, of one datagram
)

// How many datagrams a second are kept. The rest is counted: to show more than
// anybody can read must not slow the server down. While no page is open a few
// are kept for those who come later.
const (
	watchedRate   = 1000
	unwatchedRate = 50
)

// kindDaemon is of the program's own lines, which come from no session.
const kindDaemon dtls.Kind = "daemon"

// lines are the newest lines of the log and the newest datagrams, in one
// sequence. Those who serve sessions add to them and never wait; each reader
// keeps its own place in the sequence, and finds out what it missed. The
// methods may be called from any goroutine.
type lines struct {
	payloads Payloads

	watchers atomic.Int32
	second   atomic.Int64  // the one in which kept were kept
	kept     atomic.Int64  // datagrams
	shown    atomic.Uint64 // datagrams that were kept so far

	mu    sync.Mutex
	ring  []line // grows up to maxLines
	next  uint64 // sequence number of the next line; the first has 1
	first uint64 // of the oldest line that there is

	arena   []byte // payloads, one after the other, round and round
	written uint64 // bytes put into the arena so far, gaps included
	starts  []uint64
}

func newLines(payloads Payloads) *lines {
	return &lines{payloads: payloads, next: 1, first: 1}
}

// log adds an entry of the log.
func (l *lines) log(e dtls.Entry) {
	l.add(line{time: e.Time, peer: e.Peer, session: e.Session, kind: e.Kind, level: e.Level, text: clip(e.Text, shownBytes)}, nil, nil)
}

// tell adds a line of the program's own.
func (l *lines) tell(at time.Time, level dtls.Level, text string) {
	l.add(line{time: at, kind: kindDaemon, level: level, text: clip(text, shownBytes)}, nil, nil)
}

// datagram adds a datagram, if there is room for it in its second.
func (l *lines) datagram(d dtls.Datagram) {
	if !l.admit(d.Time) {
		return
	}
	l.shown.Add(1)
	added := line{
		time: d.Time, peer: d.Peer, session: d.Session, sent: d.Sent,
		ciphertextSize: len(d.Ciphertext), plaintextSize: len(d.Plaintext),
	}
	if l.payloads == PayloadsMeta {
		l.add(added, nil, nil)
		return
	}
	l.add(added, d.Ciphertext[:min(len(d.Ciphertext), shownBytes)], d.Plaintext[:min(len(d.Plaintext), shownBytes)])
}

// admit reports whether another datagram may be kept in this second. Shards that
// ask at the turn of a second may be granted a few more.
func (l *lines) admit(now time.Time) bool {
	if second := now.Unix(); l.second.Load() != second {
		l.second.Store(second)
		l.kept.Store(0)
	}
	return l.kept.Add(1) <= l.rate()
}

// wants reports whether there is room for datagrams in this second, so that
// servers need not offer those for which there is none.
func (l *lines) wants(now time.Time) bool {
	return l.second.Load() != now.Unix() || l.kept.Load() < l.rate()
}

// rate is how many datagrams a second are kept.
func (l *lines) rate() int64 {
	if l.watchers.Load() > 0 {
		return watchedRate
	}
	return unwatchedRate
}

// add gives a line its number and a place, with a copy of its payloads.
func (l *lines) add(added line, ciphertext, plaintext []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	start, room := l.reserve(len(ciphertext) + len(plaintext))
	added.ciphertext = room[:copy(room, ciphertext):len(ciphertext)]
	added.plaintext = room[len(ciphertext):][:copy(room[len(ciphertext):], plaintext)]
	added.seq = l.next
	l.next++
	if len(l.ring) < maxLines {
		l.ring = append(l.ring, added)
		l.starts = append(l.starts, start)
		return
	}
	l.ring[l.place(added.seq)] = added
	l.starts[l.place(added.seq)] = start
	l.first = max(l.first, l.next-maxLines)
}

// reserve makes room in the arena, and forgets the lines whose payloads were
// there.
func (l *lines) reserve(n int) (start uint64, room []byte) {
	if n == 0 {
		return l.written, nil
	}
	if l.arena == nil {
		l.arena = make([]byte, payloadBytes)
	}
	if at := l.written % payloadBytes; at+uint64(n) > payloadBytes {
		l.written += payloadBytes - at // payloads do not wrap around
	}
	start = l.written
	l.written += uint64(n)
	for l.first < l.next && l.starts[l.place(l.first)]+payloadBytes < l.written {
		l.first++
	}
	at := start % payloadBytes
	return start, l.arena[at : at+uint64(n)]
}

// place is where in the ring a line is.
func (l *lines) place(seq uint64) uint64 { return (seq - 1) % maxLines }

// A batch is what a reader gets at a time. Its memory is used again.
type batch struct {
	lines    []line
	payloads []byte
	missed   uint64 // lines that were overwritten before the reader came
}

// read fills b with up to limit of the lines from sequence number from on, and
// returns with which to go on.
func (l *lines) read(b *batch, from uint64, limit int) (next uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b.lines, b.payloads, b.missed = b.lines[:0], b.payloads[:0], 0
	if from < l.first {
		b.missed = l.first - from
		from = l.first
	}
	for ; from < l.next && len(b.lines) < limit; from++ {
		b.add(&l.ring[l.place(from)])
	}
	return from
}

// add takes a copy of a line.
func (b *batch) add(of *line) {
	start := len(b.payloads)
	b.payloads = append(append(b.payloads, of.ciphertext...), of.plaintext...)
	copied := *of
	payloads := b.payloads[start:]
	copied.ciphertext = payloads[:len(of.ciphertext):len(of.ciphertext)]
	copied.plaintext = payloads[len(of.ciphertext):]
	b.lines = append(b.lines, copied)
}

// bounds returns the sequence numbers of the oldest line and of the next one.
func (l *lines) bounds() (first, next uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first, l.next
}
