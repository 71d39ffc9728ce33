package dtls

import (
	"sync"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// The bounds of an inbox. What comes from the shard's own helpers, such as
// the results of computations, is not held to them: the number of handshakes
// bounds it.
const (
	maxInboxItems = 4096
	maxInboxBytes = 4 << 20
)

// An inbox is how other goroutines reach a shard. It is the only lock that
// [Session.Send] takes, and only for as long as it takes to copy a datagram.
type inbox struct {
	// wake ends the shard's sleep. It is called with the lock held.
	wake func()

	mu       sync.Mutex
	mail     mail
	delivery delivery
	sleeping bool
	closed   bool
	room     chan struct{} // closed when the inbox is emptied; nil if nobody waits
}

// Mail is what waits in an inbox. What is to be sent has a list of its own, with
// no more in it than that needs: there may be a million a second.
type mail struct {
	items []inboxItem
	sends []inboxSend
	bytes []byte // to be sent
}

type inboxKind uint8

const (
	itemClose  inboxKind = iota // close the session
	itemAnswer                  // hand result to the engine
	itemCall                    // run call on the shard
)

type inboxItem struct {
	kind    inboxKind
	token   engine.Token
	after   int // so many sends
	session *Session
	result  engine.Result
	call    func()
}

// An inboxSend is to send the bytes from the end of the one before to its own.
type inboxSend struct {
	session *Session
	end     int
}

func (m *mail) len() int { return len(m.items) + len(m.sends) }

// empty forgets what there is and keeps its memory.
func (m *mail) empty() {
	clear(m.items)
	clear(m.sends)
	m.items, m.sends, m.bytes = m.items[:0], m.sends[:0], m.bytes[:0]
}

// send queues a copy of b to be sent over s.
func (in *inbox) send(s *Session, b []byte) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.closed:
		return ErrSessionClosed
	case in.full():
		return ErrQueueFull
	}
	in.mail.bytes = append(in.mail.bytes, b...)
	in.mail.sends = append(in.mail.sends, inboxSend{s, len(in.mail.bytes)})
	in.rouse()
	return nil
}

// full reports whether nothing more is taken to be sent. The caller holds the
// lock.
func (in *inbox) full() bool {
	return in.mail.len() >= maxInboxItems || len(in.mail.bytes) >= maxInboxBytes
}

// post queues anything else. It reports false if the shard is gone.
func (in *inbox) post(item inboxItem) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	item.after = len(in.mail.sends)
	in.mail.items = append(in.mail.items, item)
	in.rouse()
	return true
}

// rouse wakes the shard, if it sleeps. The caller holds the lock.
func (in *inbox) rouse() {
	if in.sleeping {
		in.sleeping = false
		in.wake()
	}
}

// take returns what is in the inbox, and leaves it with the memory of other mail,
// which is forgotten.
func (in *inbox) take(other mail) mail {
	other.empty()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
	taken := in.mail
	in.mail = other
	return taken
}

// sleep calls prepare and lets everything that comes from now on wake the
// shard. If something is there already, it does so only if anyway is set, and
// reports otherwise false.
func (in *inbox) sleep(anyway bool, prepare func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !anyway && in.mail.len()+len(in.delivery.parcels) > 0 {
		return false
	}
	prepare()
	in.sleeping = true
	return true
}

// awake says that the shard sleeps no more.
func (in *inbox) awake() {
	in.mu.Lock()
	in.sleeping = false
	in.mu.Unlock()
}

// waitForRoom returns a channel that is closed when something is taken again
// to be sent, or nothing ever will.
func (in *inbox) waitForRoom() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed || !in.full() {
		room := make(chan struct{})
		close(room)
		return room
	}
	if in.room == nil {
		in.room = make(chan struct{})
	}
	return in.room
}

// close forgets what is there and refuses everything from now on.
func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.mail, in.delivery = mail{}, delivery{}
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
}
