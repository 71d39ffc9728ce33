package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/udp"
)

// A worker drives many clients over its sockets. A goroutine for each socket
// reads, one for all looks at the clock, and whichever has something to do holds
// the lock meanwhile. With one socket nobody waits for it.
type worker struct {
	gen    *generator
	number int
	places places
	lines  []*line
	config *engine.Config // with keys of its own; nil without DTLS

	mu      sync.Mutex // protects what follows
	now     time.Time
	ws      *engine.Workspace
	cast    cast
	seats   []seat
	young   []int32 // seats in a handshake
	settled []int32 // seats whose association has a deadline after that
	looked  time.Time
	over    []ending // that the cast does not know of yet
	buf     []byte   // what waits to be sent
	dirty   []*line  // on which it waits
	tally   tally
}

// A seat is one of the clients that a worker has at a time.
type seat struct {
	assoc *engine.Association // nil between two associations, and without DTLS
	place int32               // that it sends from
	timed timed               // which of young and settled it is in
	trim  bool                // its keys are not needed soon
	begun time.Duration       // when its handshake began, on the clock of the generator
}

// A timed says who looks at the deadlines of a seat.
type timed uint8

const (
	timedNot timed = iota
	timedYoung
	timedSettled
)

// An ending is the end of an association.
type ending struct {
	seat int
	err  error
}

// A cast is what the clients of a worker do in a scenario. It is called under
// the worker's lock.
type cast interface {
	// opened hears that a client's handshake is complete.
	opened(seat int)
	// received gets what the server sent to a client, until it returns.
	received(seat int, datagram []byte)
	// ended hears that a client's association is over. It may begin the next.
	ended(seat int, err error)
	// stored gets a session that can be resumed.
	stored(seat int, session *engine.SessionState)
	// tick is called every now and then.
	tick()
}

// quiet is a cast that does nothing, for others to build on.
type quiet struct{}

func (quiet) opened(int)                       {}
func (quiet) received(int, []byte)             {}
func (quiet) ended(int, error)                 {}
func (quiet) stored(int, *engine.SessionState) {}
func (quiet) tick()                            {}

// Times of a worker.
const (
	tickTime   = time.Millisecond      // between two looks at the clock
	youngTime  = 20 * time.Millisecond // between two looks at the deadlines of handshakes
	settleTime = time.Second           // likewise, of established associations
)

// sendBuffer is how much waits to be sent at most, in bytes.
const sendBuffer = 1 << 18

// open opens the sockets of a worker.
func (w *worker) open(ctx context.Context, seats int) error {
	var err error
	if w.places, err = newPlaces(w.gen.sources, seats); err != nil {
		return err
	}
	for i := range w.places.sockets {
		l, err := openLine(ctx, w.gen, &w.places, i)
		if err != nil {
			return err
		}
		w.lines = append(w.lines, l)
	}
	w.seats = make([]seat, seats)
	for i := range w.seats {
		w.seats[i].place = int32(i - seats) // the first handshake takes place i
	}
	if w.gen.config != nil {
		config := *w.gen.config
		config.Keys = keptKeys{}
		w.config = &config
	}
	w.ws = engine.NewWorkspace()
	w.buf = make([]byte, 0, sendBuffer)
	return nil
}

// close closes the sockets, which ends the readers.
func (w *worker) close() {
	for _, l := range w.lines {
		l.socket.Close()
	}
}

// run drives the clients until the sockets are closed or ctx ends.
func (w *worker) run(ctx context.Context) {
	var readers sync.WaitGroup
	for _, l := range w.lines {
		readers.Go(func() { w.read(l) })
	}
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case <-ticker.C:
			w.do(w.tick)
		case <-ctx.Done():
		}
	}
	w.close()
	readers.Wait()
}

// do does something in the worker's name, and sends what comes of it.
func (w *worker) do(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = time.Now()
	f()
	w.settle()
	w.flush()
}

// read reads from a socket until it is closed. That nobody listens is no
// reason to end.
func (w *worker) read(l *line) {
	for {
		datagrams, err := l.socket.ReadBatch()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		w.do(func() {
			for i := range datagrams {
				w.receive(l, &datagrams[i])
			}
		})
	}
}

// receive hands a datagram to the client that it is for.
func (w *worker) receive(l *line, m *udp.Message) {
	if w.loses() {
		return
	}
	place, ok := w.places.number(l.number, m.Local)
	if !ok || m.Peer != w.gen.server {
		w.tally.stray++
		return
	}
	seat := place % len(w.seats)
	s := &w.seats[seat]
	switch {
	case int(s.place) != place:
		w.tally.stray++ // of an association that is gone
	case s.assoc != nil:
		s.assoc.Receive(w.now, m.Buf)
		w.drain(seat)
	case w.gen.plain:
		w.cast.received(seat, m.Buf)
	}
}

// begin begins a handshake on a seat that has no association, from the next
// place that is its.
func (w *worker) begin(seat int, session *engine.SessionState) {
	s := &w.seats[seat]
	s.place = int32((int(s.place) + len(w.seats)) % w.places.total)
	w.beginAgain(seat, session)
}

// beginAgain begins a handshake from the place where the seat was before.
func (w *worker) beginAgain(seat int, session *engine.SessionState) {
	s := &w.seats[seat]
	s.begun = w.clock()
	s.assoc = engine.NewClient(w.config, w.ws, w.now, w.gen.credentials.target(session))
	if s.timed != timedYoung {
		s.timed = timedYoung
		w.young = append(w.young, int32(seat))
	}
	w.drain(seat)
}

// end ends an association with a close_notify. It may be called while the
// events of that association are being drained, and by whoever drains next.
func (w *worker) end(seat int) {
	if a := w.seats[seat].assoc; a != nil {
		a.Close(w.now)
	}
}

// drain does what an association wants done.
func (w *worker) drain(seat int) {
	s := &w.seats[seat]
	a := s.assoc
	sent := false
	for {
		e := a.Next()
		switch e.Kind {
		case engine.EventNone:
			if s.trim && s.assoc != nil {
				s.trim = false
				a.Trim()
			}
			if sent && s.timed == timedNot && s.assoc != nil && !a.Deadline().IsZero() {
				s.timed = timedSettled
				w.settled = append(w.settled, int32(seat))
			}
			return
		case engine.EventSend:
			w.send(seat, append(w.room(len(e.Data)), e.Data...))
			sent = true
		case engine.EventData:
			w.cast.received(seat, e.Data)
		case engine.EventEstablished:
			w.tally.handshakes++
			if w.tally.agreed == nil {
				w.tally.agreed = a.State()
			}
			w.cast.opened(seat)
		case engine.EventClosed:
			s.assoc = nil
			w.over = append(w.over, ending{seat, e.Err})
		case engine.EventStoreSession:
			w.cast.stored(seat, e.Session)
		case engine.EventRetransmit:
			w.tally.retransmissions++
		default:
			w.answer(a, &e)
		}
	}
}

// answer answers a question of an association.
func (w *worker) answer(a *engine.Association, e *engine.Event) {
	switch e.Kind {
	case engine.EventCompute:
		a.Resolve(w.now, e.Token, e.Job())
	case engine.EventLookupPSK:
		a.Resolve(w.now, e.Token, w.gen.credentials.psk(e.Data))
	case engine.EventVerify:
		a.Resolve(w.now, e.Token, w.gen.credentials.verify(e.Chain))
	}
}

// settle tells the cast which associations are over, until there is nothing
// more to tell.
func (w *worker) settle() {
	for i := 0; i < len(w.over); i++ {
		w.cast.ended(w.over[i].seat, w.over[i].err)
	}
	w.over = w.over[:0]
}

// clock returns the time since the generator began.
func (w *worker) clock() time.Duration { return w.now.Sub(w.gen.began) }

// tick looks at the clock for everybody.
func (w *worker) tick() {
	if w.now.Sub(w.looked) >= youngTime {
		if w.now.Unix() != w.looked.Unix() {
			list := w.settled
			w.settled = nil
			w.expire(list, timedSettled)
		}
		w.looked = w.now
		list := w.young
		w.young = nil
		w.expire(list, timedYoung)
	}
	w.cast.tick()
}

// expire gives time to the associations whose deadline has come, and puts the
// seats where they belong after that.
func (w *worker) expire(seats []int32, kind timed) {
	for _, seat := range seats {
		s := &w.seats[seat]
		if s.timed != kind {
			continue // it is in the other list by now
		}
		if s.assoc != nil {
			if d := s.assoc.Deadline(); !d.IsZero() && !d.After(w.now) {
				s.assoc.Timeout(w.now)
				w.drain(int(seat))
			}
		}
		switch {
		case s.assoc == nil || s.assoc.Deadline().IsZero():
			s.timed = timedNot
		case s.assoc.Established():
			s.timed = timedSettled
			w.settled = append(w.settled, seat)
		default:
			s.timed = timedYoung
			w.young = append(w.young, seat)
		}
	}
}

// room returns the free space of the buffer of what waits to be sent, with at
// least n bytes. It is good until the next call of room or send.
func (w *worker) room(n int) []byte {
	if cap(w.buf)-len(w.buf) < n {
		w.flush()
	}
	if cap(w.buf) < n {
		w.buf = make([]byte, 0, n)
	}
	return w.buf[len(w.buf):len(w.buf)]
}

// loses decides whether a datagram is lost on purpose.
func (w *worker) loses() bool {
	if w.gen.loss == 0 || rand.Float64() >= w.gen.loss {
		return false
	}
	w.tally.dropped++
	return true
}

// send has a datagram wait that was appended to room.
func (w *worker) send(seat int, datagram []byte) {
	if w.loses() {
		return
	}
	w.buf = w.buf[:len(w.buf)+len(datagram)]
	socket, source := w.places.at(int(w.seats[seat].place))
	l := w.lines[socket]
	if len(l.out) == 0 {
		w.dirty = append(w.dirty, l)
	}
	l.out = append(l.out, udp.Message{Buf: datagram, Peer: w.gen.server, Local: source})
}

// say sends a datagram from a client to the server.
func (w *worker) say(seat int, plaintext []byte) error {
	s := &w.seats[seat]
	if w.gen.plain {
		w.send(seat, append(w.room(len(plaintext)), plaintext...))
		return nil
	}
	if s.assoc == nil {
		return engine.ErrClosed
	}
	datagram, err := s.assoc.Send(w.room(len(plaintext)+maxOverhead), plaintext)
	if err != nil {
		return err
	}
	w.send(seat, datagram)
	return nil
}

// maxOverhead is more than any record adds to its plaintext.
const maxOverhead = 512

// flush sends what waits.
func (w *worker) flush() {
	for _, l := range w.dirty {
		w.tally.unsent += uint64(l.flush())
	}
	w.dirty = w.dirty[:0]
	w.buf = w.buf[:0]
}
