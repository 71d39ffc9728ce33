package engine

import "testing"

func TestWorkspaceGivesEventsOnceAndInOrder(t *testing.T) {
	ws := NewWorkspace()
	for round := range 3 {
		ws.begin()
		ws.push(Event{Kind: EventSend})
		ws.push(Event{Kind: EventEstablished})
		for _, want := range []EventKind{EventSend, EventEstablished, EventNone, EventNone} {
			if got := ws.pop().Kind; got != want {
				t.Errorf("round %d: event %d, want %d", round, got, want)
			}
		}
	}
}

func TestWorkspaceKeepsWhatIsNotDrained(t *testing.T) {
	ws := NewWorkspace()
	ws.push(Event{Kind: EventSend})
	ws.push(Event{Kind: EventLookupPSK})
	ws.pop()
	ws.begin()
	ws.push(Event{Kind: EventEstablished})
	for _, want := range []EventKind{EventLookupPSK, EventEstablished, EventNone} {
		if got := ws.pop().Kind; got != want {
			t.Errorf("event %d, want %d", got, want)
		}
	}
}

func TestDrainedWorkspaceHoldsNothing(t *testing.T) {
	ws := NewWorkspace()
	ws.push(Event{Kind: EventStoreSession, Session: &SessionState{}})
	ws.pop()
	ws.begin()
	for _, e := range ws.events[:cap(ws.events)] {
		if e.Session != nil {
			t.Error("a session is kept by a workspace that is done with it")
		}
	}
}

func TestWorkspaceJoinsDatagramsThatFit(t *testing.T) {
	for limit, want := range map[int]string{7: "abc abcdefg -", 6: "abc abcd - efg"} {
		ws := NewWorkspace()
		send := func(s string) {
			start := len(ws.out)
			ws.out = append(ws.out, s...)
			ws.push(Event{Kind: EventSend, Data: ws.out[start:]})
		}
		send("abc")
		from := ws.mark()
		send("abcd")
		ws.push(Event{Kind: EventEstablished})
		send("efg")
		ws.join(from, limit)
		got := ""
		for e := ws.pop(); e.Kind != EventNone; e = ws.pop() {
			switch e.Kind {
			case EventSend:
				got += " " + string(e.Data)
			default:
				got += " -"
			}
		}
		if got != " "+want {
			t.Errorf("with room for %d bytes:%s, want %s", limit, got, want)
		}
	}
}
