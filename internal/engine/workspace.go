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

// A mark is a place in the queue and in what is to be sent.
type mark struct{ event, out int }

func (w *Workspace) mark() mark { return mark{len(w.events), len(w.out)} }

// join makes one datagram of those that were raised since the mark, if it has no
// more bytes than the limit. It takes the place of the first one.
func (w *Workspace) join(since mark, limit int) {
	if len(w.out)-since.out > limit {
		return
	}
	kept, joined := w.events[:since.event], false
	for _, e := range w.events[since.event:] {
		if e.Kind == EventSend {
			if joined {
				continue
			}
			joined = true
			e.Data = w.out[since.out:len(w.out):len(w.out)]
		}
		kept = append(kept, e)
	}
	clear(w.events[len(kept):])
	w.events = kept
}
