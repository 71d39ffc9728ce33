package console

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/dtls"
)

// An eventReader is a page that reads the stream of events.
type eventReader struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
	id       string // of the last event that had one
}

// listen opens the stream, as if the last event seen was the one with that ID.
func listen(t *testing.T, c *Console, lastEventID string) *eventReader {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.listener.Addr().String()+api+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.secret.token())
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	return read(t, r)
}

// read opens the stream with a request.
func read(t *testing.T, r *http.Request) *eventReader {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%s, %s", response.Status, got)
	}
	e := &eventReader{t: t, response: response, lines: bufio.NewScanner(response.Body)}
	e.lines.Buffer(nil, 1<<24)
	return e
}

// next returns the data of the next event of that name.
func (e *eventReader) next(name string, data any) {
	e.t.Helper()
	for wanted := false; e.lines.Scan(); {
		key, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch key {
		case "event":
			wanted = value == name
		case "id":
			e.id = value
		case "data":
			if !wanted {
				continue
			}
			if err := json.Unmarshal([]byte(value), data); err != nil {
				e.t.Fatalf("%s: %v", name, err)
			}
			return
		}
	}
	e.t.Fatalf("the stream ended before an event %s: %v", name, e.lines.Err())
}

// A linesSeen is a LinesEvent as a page has it.
type linesSeen struct {
	Lines          []struct{ Text, Type string }
	Missed, Hidden uint64
}

// texts reads lines until there are n of them.
func (e *eventReader) texts(n int) []string {
	e.t.Helper()
	var texts []string
	for len(texts) < n {
		var seen linesSeen
		e.next("lines", &seen)
		for _, l := range seen.Lines {
			texts = append(texts, l.Text)
		}
	}
	return texts
}

// serving returns a console that serves until the end of the test.
func serving(t *testing.T) *Console {
	t.Helper()
	c, err := New(Settings{Address: "127.0.0.1:0", Payloads: PayloadsFull}, &fakeBackend{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- c.Serve() }()
	t.Cleanup(func() {
		c.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return c
}

func TestStreamTellsWhatHappened(t *testing.T) {
	c := serving(t)
	c.Observer().Log(entry("before the page was opened"))
	e := listen(t, c, "")
	var hello HelloEvent
	e.next("hello", &hello)
	if hello.Boot != c.boot || hello.Resumed {
		t.Errorf("%+v", hello)
	}
	c.Observer().Log(entry("while it was open"))
	c.Tell(testTime, dtls.Info, "and the program itself")
	want := []string{"before the page was opened", "while it was open", "and the program itself"}
	if got := e.texts(3); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", got)
	}
	var status Status
	listen(t, c, "").next("status", &status)
	if status.Boot != c.boot {
		t.Errorf("%+v", status)
	}
}

// A page that lost its connection goes on where it was.
func TestStreamGoesOnWhereItWasLost(t *testing.T) {
	c := serving(t)
	c.Observer().Log(entry("seen"))
	first := listen(t, c, "")
	first.texts(1)
	first.response.Body.Close()
	c.Observer().Log(entry("missed while away"))

	again := listen(t, c, first.id)
	var hello HelloEvent
	again.next("hello", &hello)
	if got := again.texts(1); !hello.Resumed || len(got) != 1 || got[0] != "missed while away" {
		t.Errorf("resumed %v, got %q", hello.Resumed, got)
	}

	// A page that begins a new stream has no header to say so.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.listener.Addr().String()+api+"/events?last_event_id="+first.id, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.secret.token())
	anew := read(t, r)
	anew.next("hello", &hello)
	if got := anew.texts(1); !hello.Resumed || got[0] != "missed while away" {
		t.Errorf("resumed %v, got %q", hello.Resumed, got)
	}
}

func TestStreamOfAnotherBootBeginsAnew(t *testing.T) {
	c := serving(t)
	c.Observer().Log(entry("a line"))
	for _, id := range []string{"OTHERBOOT-7", c.boot + "-999", c.boot + "-0", c.boot + "-x", "nonsense"} {
		e := listen(t, c, id)
		var hello HelloEvent
		e.next("hello", &hello)
		if got := e.texts(1); hello.Resumed || got[0] != "a line" {
			t.Errorf("%s: resumed %v, got %q", id, hello.Resumed, got)
		}
	}
}

// Lines that come faster than a page reads are missed, and the page knows how
// many: nothing is lost without a word.
func TestStreamAccountsForEveryLine(t *testing.T) {
	c := serving(t)
	const all = 3 * maxLines
	log := c.Observer().Log
	for i := range maxLines {
		log(entry(fmt.Sprint(i)))
	}
	e := listen(t, c, "")
	for i := range all - maxLines {
		log(entry(fmt.Sprint(maxLines + i)))
	}
	got := 0
	for got < all {
		var seen linesSeen
		e.next("lines", &seen)
		got += int(seen.Missed)
		for _, l := range seen.Lines {
			if want := fmt.Sprint(got); l.Text != want {
				t.Fatalf("line %d is %q", got, l.Text)
			}
			got++
		}
	}
	if got != all {
		t.Errorf("%d lines of %d", got, all)
	}
}

func TestStreamCountsDatagramsThatAreNotShown(t *testing.T) {
	c := serving(t)
	e := listen(t, c, "")
	var hello HelloEvent
	e.next("hello", &hello)
	const all = watchedRate + 7
	for range all {
		c.Observer().Datagram(datagramOf(0, "x"))
	}
	c.backend.(*fakeBackend).setStats(dtls.Stats{MessagesReceived: all - 3, MessagesSent: 3})
	for shown, hidden := 0, 0; shown+hidden < all; {
		var seen linesSeen
		e.next("lines", &seen)
		shown, hidden = shown+len(seen.Lines), hidden+int(seen.Hidden)
		if shown > watchedRate || hidden > 7 {
			t.Fatalf("shown %d, hidden %d", shown, hidden)
		}
	}
}

func TestOpenPagesAreCountedAndForgotten(t *testing.T) {
	c := serving(t)
	e := listen(t, c, "")
	var hello HelloEvent
	e.next("hello", &hello)
	if n := c.lines.watchers.Load(); n != 1 {
		t.Errorf("%d pages", n)
	}
	c.Close() // ends the stream
	for e.lines.Scan() {
	}
	if n := c.lines.watchers.Load(); n != 0 {
		t.Errorf("%d pages when all are gone", n)
	}
}

func TestOpenPagesAreBounded(t *testing.T) {
	s := newSite(t)
	s.console.lines.watchers.Add(maxStreams)
	wantProblem(t, s.do("GET", "/api/v1/events", ""), http.StatusServiceUnavailable, "too many pages")
	s.console.lines.watchers.Add(-1)
	w := s.do("HEAD", "/api/v1/events", "") // ends at once
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "text/event-stream" {
		t.Errorf("%d, %s", w.Code, got)
	}
	if n := s.console.lines.watchers.Load(); n != maxStreams-1 {
		t.Errorf("%d pages are counted", n)
	}
}
