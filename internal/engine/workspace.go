package engine

import "github.com/dtlsd/dtlsd/internal/suite"

// A Workspace is what all associations of one owner share: the queue of
// events and the buffers that they point into. Because it is shared, an
// association that has nothing to do owns neither.
//
// The owner drains [Association.Next] after each verb, and before a verb of
// another association. A Workspace serves one goroutine.
type Workspace struct {
	events []Event
	next   int
	out    []byte // datagrams of EventSend
	record []byte // content of the record being filled

	scratch suite.Scratch
}

// NewWorkspace returns a workspace for one owner.
func NewWorkspace() *Workspace {
	return &Workspace{}
}

// begin opens a verb. What earlier verbs left is forgotten once it is drained.
func (w *Workspace) begin() {
	if w.next < len(w.events) {
		return
	}
	clear(w.events)
	w.events = w.events[:0]
	w.next = 0
	w.out = w.out[:0]
}

func (w *Workspace) push(e Event) {
	w.events = append(w.events, e)
}

func (w *Workspace) pop() Event {
	if w.next == len(w.events) {
		return Event{}
	}
	w.next++
	return w.events[w.next-1]
}
