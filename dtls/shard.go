package dtls

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/udp"
)

// A shard owns a socket and every session that came in through it. It is one
// goroutine, and everything about these sessions happens on it: their engines
// are never touched by another.
//
// Other goroutines reach it through its inbox, which is one lock for a moment.
// What they send waits there until the shard has dealt with the datagrams in
// its hands; if it sleeps in a read, they end the read by a deadline in the
// past. Computations and look-ups leave the shard and come back the same way.
type shard struct {
	host    *host
	group   *group // of the shards that have its address, itself included
	socket  udp.Socket
	poller  udp.Poller // the socket of a server, if it is one; nil else
	gate    *gate.Gate // nil of a client
	cids    cidSource
	configs map[*profile]*engine.Config // with cids for their source
	inbox   inbox
	chores  chores
	done    chan struct{} // closed when run returns
	cause   error         // why it did; set before done is closed

	// mu is held by the shard's goroutine while it works, and let go while it
	// sleeps and while it calls code of the user's. With it, others may look
	// at the sessions. They must not change anything.
	mu       sync.Mutex
	start    time.Time
	now      time.Time // of this turn
	ws       *engine.Workspace
	table    table
	timers   timers
	sweeper  sweeper
	out      outbox
	counters *counters
	dorm     dormitory
	awake    awakeList
	dead     []*Session // that ended in this turn

	mail     mail // of this turn; its memory is traded with the inbox
	delivery delivery
	prepare  func() // arm, once and for all
	armed    time.Time
	fetched  []*Session // of a batch
	kicked   bool       // the deadline is in the past; protected by the inbox's lock
	hurried  int        // turns in a row that did not read
	errors   int        // reads in a row that failed

	late    []lateHello // of this turn
	behind  backlog
	surplus int // sessions to be ended, as others have come
	evictor int // place in the table: the session behind it is looked at next

	watched  bool    // datagrams of this turn are observed
	observed []byte  // the one being opened, as it came in
	copied   []byte  // likewise, for the second session to try it
	strays   int     // records dropped since the datagram came in
	arrival  arrival // the datagram being opened
	muted    bool    // another session is asked as well: drops do not count
	goodbye  error   // why the session being closed is closed
	leaving  leaving
	spent    bool         // it was to leave, and had no session left
	told     atomic.Int64 // peers that were told goodbye
	sample   challengeSample

	capped            bool      // the kernel gave a smaller buffer than we asked for, and nothing is known to be lost
	nextOverflowCheck time.Time // of the socket, if capped

	server    string     // the name of a client's server in the session cache
	oldSocket udp.Socket // of a client that has another now, while it is still read; nil for none
}

// newShard fails if the socket has no read deadlines: there would be no way to
// wake the shard.
func newShard(h *host, socket udp.Socket) (*shard, error) {
	if err := socket.SetReadDeadline(time.Time{}); err != nil {
		return nil, fmt.Errorf("dtls: the socket has no read deadlines: %w", err)
	}
	now := time.Now()
	s := &shard{
		host:     h,
		socket:   socket,
		done:     make(chan struct{}),
		start:    now,
		now:      now,
		ws:       engine.NewWorkspace(),
		table:    newTable(),
		sweeper:  newSweeper(h.idleTimeout()),
		counters: &counters{},
		configs:  make(map[*profile]*engine.Config),
	}
	s.group = &group{shards: []*shard{s}, end: make(chan struct{})}
	length, _ := h.config.connectionIDLength(h.side)
	s.cids = cidSource{length: length, shards: 1, rand: h.config.rand(), taken: s.table.taken}
	if h.secrets != nil {
		s.gate = h.newGate(s.table.occupied)
		s.poller, _ = socket.(udp.Poller)
		s.chores.own = s.poller != nil && h.workers.limit == 1
	}
	s.inbox.wake = s.kick
	s.prepare = s.arm
	return s, nil
}

// run serves the socket until it is closed, or nothing is left to be served.
// The error is never nil.
func (s *shard) run() error {
	defer close(s.done)
	s.mu.Lock()
	for {
		batch, err := s.read()
		s.now = time.Now()
		if s.hearError(err) {
			return s.finish(err)
		}
		s.logSuppressed()
		s.logOverflow()
		s.watched = s.host.observer.wantsDatagrams(s.now)
		s.receiveBatch(batch)
		s.takeDelivery()
		s.takeInbox()
		s.doChores()
		s.fireTimers()
		s.judgeChallenges()
		s.evict()
		s.sweep()
		s.sayGoodbye()
		s.bury()
		s.flush()
		if s.leaves() {
			return s.finish(cmp.Or(s.leaving.cause, ErrServerClosed))
		}
		s.pace(len(batch))
	}
}

// The shard never skips reading for longer than this: however much others
// send, datagrams are received.
const (
	maxHurried = 8 // turns
	glance     = 100 * time.Microsecond
)

// read waits for datagrams, until the next deadline or a kick. If the inbox
// has something already, it returns at once; with a chore to do, it does not wait.
func (s *shard) read() ([]udp.Message, error) {
	if s.chores.waiting() {
		return s.poller.Poll()
	}
	if !s.inbox.sleep(s.hurried >= maxHurried, s.prepare) {
		s.hurried++
		return nil, nil
	}
	s.hurried = 0
	s.mu.Unlock()
	batch, err := s.socket.ReadBatch()
	s.mu.Lock()
	s.inbox.awake()
	return batch, err
}

// arm sets the read deadline. It does without the call, which is not free, if
// the deadline that is set comes early enough. The inbox's lock is held.
func (s *shard) arm() {
	next := s.deadline()
	if s.hurried >= maxHurried {
		next = time.Now().Add(glance)
	}
	keep := !s.armed.IsZero() && !next.IsZero() && !s.armed.After(next) && s.armed.After(s.now)
	if !s.kicked && (keep || s.armed.IsZero() && next.IsZero()) {
		return
	}
	s.kicked = false
	s.armed = next
	s.socket.SetReadDeadline(next)
}

// kick ends the shard's sleep. The inbox's lock is held.
func (s *shard) kick() {
	s.kicked = true
	s.socket.SetReadDeadline(time.Unix(1, 0))
}

// deadline returns when there is something to do even if nothing happens, or
// the zero time.
func (s *shard) deadline() time.Time {
	next := s.timers.next()
	for _, t := range [...]time.Time{s.nextSweep(), s.host.lines.due(), s.host.refusals.due(), s.leaving.next, s.sample.due()} {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// Reads that fail without end must not take all of a processor.
const (
	patience = 16 // failures in a row
	penance  = 10 * time.Millisecond
)

// hearError deals with what a read returned for an error, and reports whether
// the socket is gone.
func (s *shard) hearError(err error) bool {
	switch {
	case err == nil, errors.Is(err, os.ErrDeadlineExceeded):
		s.errors = 0
		return false
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF):
		return true
	}
	s.socketError(err)
	if s.errors++; s.errors > patience {
		time.Sleep(penance)
	}
	return false
}

// takeInbox does what other goroutines asked for. What the user's code asks
// for meanwhile is for the next turn.
func (s *shard) takeInbox() {
	s.mail = s.inbox.take(s.mail)
	sent, start := 0, 0
	for i := range s.mail.items {
		item := &s.mail.items[i]
		sent, start = s.sendMail(sent, item.after, start)
		switch item.kind {
		case itemClose:
			s.close(item.session, ErrSessionClosed)
		case itemAnswer:
			s.resolve(item.session, item.token, item.result)
		case itemCall:
			item.call()
		}
	}
	s.sendMail(sent, len(s.mail.sends), start)
	s.mail.empty()
}

// sendMail sends the mail from one place up to another, whose bytes begin at
// start, and returns where it ended in both.
func (s *shard) sendMail(from, to, start int) (int, int) {
	for _, m := range s.mail.sends[from:to] {
		s.send(m.session, s.mail.bytes[start:m.end])
		start = m.end
	}
	return to, start
}

// fireTimers tells sessions that their time has come.
func (s *shard) fireTimers() {
	for sess := s.timers.due(s.now); sess != nil; sess = s.timers.due(s.now) {
		switch {
		case sess.assoc == nil:
			s.end(sess, publicError(engine.ErrHandshakeTimeout))
		case sess.hs != nil && s.now.Before(sess.hs.held):
			s.timers.set(sess, sess.hs.held)
		default:
			s.timeout(sess)
		}
	}
}

// timeout tells a session the time.
func (s *shard) timeout(sess *Session) {
	if sess.path != nil {
		s.advancePath(sess)
	}
	if !sess.ended {
		sess.assoc.Timeout(s.now)
		s.drain(sess)
	}
}

// flush sends what the turn has put together.
func (s *shard) flush() {
	s.countSent()
	for batch := s.out.batch; len(batch) > 0; {
		n, err := s.socket.WriteBatch(batch)
		if err == nil {
			break
		}
		// A destination that the kernel refuses costs its own datagram only.
		s.writeError(batch[n].Peer, err)
		batch = batch[n+1:]
	}
	s.out.reset()
}

// callOut lets go of the shard while code of the user's runs, and callBack
// takes it back.
func (s *shard) callOut()  { s.mu.Unlock() }
func (s *shard) callBack() { s.mu.Lock() }

// tick is the unit of the shard's clock, which fits sessions in 32 bits and
// lasts for 13 years.
const tick = 100 * time.Millisecond

// clock returns the time in ticks since the shard began.
func (s *shard) clock() uint32 { return uint32(s.now.Sub(s.start) / tick) }

// localAddr returns the address of the socket. Any goroutine may call it.
func (s *shard) localAddr() net.Addr {
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	return s.socket.LocalAddr()
}
