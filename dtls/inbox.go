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
	items    []inboxItem
	arena    []byte // what items of kind itemSend are to send
	delivery delivery
	sleeping bool
	closed   bool
	room     chan struct{} // closed when the inbox is emptied; nil if nobody waits
}

type inboxKind uint8

const (
	itemSend   inboxKind = iota // send arena[start:end]
	itemClose                   // close the session
	itemAnswer                  // hand result to the engine
	itemCall                    // run call on the shard
)

type inboxItem struct {
	kind       inboxKind
	token      engine.Token
	start, end int
	session    *Session
	result     engine.Result
	call       func()
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
	start := len(in.arena)
	in.arena = append(in.arena, b...)
	in.push(inboxItem{kind: itemSend, session: s, start: start, end: len(in.arena)})
	return nil
}

// full reports whether nothing more is taken to be sent. The caller holds the
// lock.
func (in *inbox) full() bool {
	return len(in.items) >= maxInboxItems || len(in.arena) >= maxInboxBytes
}

// post queues anything else. It reports false if the shard is gone.
func (in *inbox) post(item inboxItem) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	in.push(item)
	return true
}

// push queues an item and wakes the shard, if it sleeps. The caller holds the
// lock.
func (in *inbox) push(item inboxItem) {
	in.items = append(in.items, item)
	in.rouse()
}

// rouse wakes the shard, if it sleeps. The caller holds the lock.
func (in *inbox) rouse() {
	if in.sleeping {
		in.sleeping = false
		in.wake()
	}
}

// take returns what is in the inbox, and leaves it with the buffers given, of
// which it takes possession.
func (in *inbox) take(items []inboxItem, arena []byte) ([]inboxItem, []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
	taken, bytes := in.items, in.arena
	in.items, in.arena = items[:0], arena[:0]
	return taken, bytes
}

// sleep calls prepare and lets everything that comes from now on wake the
// shard. If something is there already, it does so only if anyway is set, and
// reports otherwise false.
func (in *inbox) sleep(anyway bool, prepare func()) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !anyway && len(in.items)+len(in.delivery.parcels) > 0 {
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
	in.items, in.arena, in.delivery = nil, nil, delivery{}
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
}
