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
	for i := range w.events {
		w.events[i].forget()
	}
	w.events = w.events[:0]
	w.next = 0
	w.out = w.out[:0]
}

func (w *Workspace) push(e Event) {
	w.events = append(w.events, e)
}

// pushData pushes the event that most records lead to. An event is large: where
// there is room for one, only what is in this one is written.
func (w *Workspace) pushData(plaintext []byte) {
	n := len(w.events)
	if n == cap(w.events) {
		w.push(Event{Kind: EventData, Data: plaintext})
		return
	}
	w.events = w.events[:n+1]
	w.events[n].Kind, w.events[n].Data = EventData, plaintext
}

// forget makes the memory of an event zero.
func (e *Event) forget() {
	if e.Kind == EventData {
		e.Kind, e.Data = EventNone, nil // there is nothing else in it
		return
	}
	*e = Event{}
}

func (w *Workspace) pop() Event {
	if w.next == len(w.events) {
		return Event{}
	}
	w.next++
	return w.events[w.next-1]
}
