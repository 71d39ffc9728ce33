package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// The event stream tells a page what happens as it happens, in frames: however
// much happens, a page gets it in so many pieces a second and no more.
const (
	framePeriod = 50 * time.Millisecond
	frameLines  = 2048 // lines of one frame; more of them wait for the next
	slowFrames  = 5    // status and handshakes are looked at every so many frames
	writeTime   = 10 * time.Second
	maxStreams  = 64
)

// A LinesEvent is what happened since the one before.
type LinesEvent struct {
	Lines  []any  `json:"lines"`  // [LogLine] and [DatagramLine]
	Missed uint64 `json:"missed"` // lines overwritten before this page could get them
	Hidden uint64 `json:"hidden"` // datagrams that were not kept, because there were too many
}

// A HelloEvent is the first one.
type HelloEvent struct {
	Boot    string `json:"boot"`    // another one after the server was restarted
	Resumed bool   `json:"resumed"` // the stream goes on where the page lost it
}

// A HandshakesEvent is the handshakes in which something happened.
type HandshakesEvent struct {
	Changed []HandshakeSummary `json:"changed"`
}

// A stream is one page's.
type stream struct {
	console *Console
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer // events of a frame
	encoder *json.Encoder

	batch      batch
	next       uint64 // sequence number of the line to go on with
	hidden     uint64 // datagrams not shown, as the page knows it
	unseen     uint64 // the same, as it seemed in the frame before
	status     Status // likewise
	samples    int    // likewise
	handshakes uint64 // version, likewise
}

// serveEvents sends events until the page goes away or the console is closed.
func (c *Console) serveEvents(w http.ResponseWriter, r *http.Request) {
	defer c.lines.watchers.Add(-1)
	if c.lines.watchers.Add(1) > maxStreams {
		writeProblem(w, problem{http.StatusServiceUnavailable, "too many pages are open", "close some of them"})
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	s := &stream{console: c, w: w, control: http.NewResponseController(w)}
	s.encoder = json.NewEncoder(&s.buf)
	s.control.SetReadDeadline(time.Time{}) // a stream outlives what bounds a request
	s.begin(lastEventID(r))
	ticker := time.NewTicker(framePeriod)
	defer ticker.Stop()
	for frame := 0; s.send() == nil; frame++ {
		select {
		case <-ticker.C:
		case <-r.Context().Done(): // the page is gone, or the console is closed
			return
		}
		s.frame(frame%slowFrames == 0)
	}
}

// lastEventID is where the page left off. A browser that reconnects by itself
// says so in a header, which a page that begins a new stream cannot set.
func lastEventID(r *http.Request) string {
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	return r.URL.Query().Get("last_event_id")
}

// begin greets the page and finds where it left off: the identifiers of events
// are those of the boot and of the next line.
func (s *stream) begin(lastEventID string) {
	c := s.console
	first, next := c.lines.bounds()
	s.next, s.samples = first, c.samples.count()
	s.hidden = c.hidden()
	s.unseen = s.hidden
	boot, seq, _ := strings.Cut(lastEventID, "-")
	at, err := strconv.ParseUint(seq, 10, 64)
	resumed := boot == c.boot && err == nil && at > 0 && at <= next
	if resumed {
		s.next = at
	}
	s.event("hello", HelloEvent{Boot: c.boot, Resumed: resumed})
	s.frame(true)
}

// frame collects what happened since the last one.
func (s *stream) frame(slow bool) {
	s.addLines()
	s.addSamples()
	if slow {
		s.addStatus()
		s.addHandshakes()
	}
}

func (s *stream) addLines() {
	l := s.console.lines
	s.next = l.read(&s.batch, s.next, frameLines)
	hidden := s.countHidden()
	if len(s.batch.lines) == 0 && s.batch.missed == 0 && hidden == s.hidden {
		return
	}
	fmt.Fprintf(&s.buf, "id: %s-%d\nevent: lines\ndata: ", s.console.boot, s.next)
	s.buf.Write(appendLinesEvent(s.buf.AvailableBuffer(), &s.batch, hidden-s.hidden))
	s.buf.WriteString("\n\n")
	s.hidden = hidden
}

// countHidden returns how many datagrams were not shown so far. One that is
// counted and on its way to be shown seems hidden for a moment: what counts is
// what two frames agree on.
func (s *stream) countHidden() uint64 {
	now := s.console.hidden()
	hidden := max(s.hidden, min(now, s.unseen))
	s.unseen = now
	return hidden
}

// hidden returns how many datagrams there were, less those that are shown.
func (c *Console) hidden() uint64 {
	shown := c.lines.shown.Load()
	stats := c.backend.Stats()
	return max(stats.MessagesReceived+stats.MessagesSent, shown) - shown
}

// appendLinesEvent appends the JSON of a [LinesEvent].
func appendLinesEvent(b []byte, of *batch, hidden uint64) []byte {
	b = append(b, `{"lines":[`...)
	for i := range of.lines {
		if i > 0 {
			b = append(b, ',')
		}
		b = of.lines[i].appendJSON(b)
	}
	b = strconv.AppendUint(append(b, `],"missed":`...), of.missed, 10)
	b = strconv.AppendUint(append(b, `,"hidden":`...), hidden, 10)
	return append(b, '}')
}

func (s *stream) addSamples() {
	if n := s.console.samples.count(); n > s.samples {
		for _, sample := range s.console.samples.since(s.samples) {
			s.event("sample", sample)
		}
		s.samples = n
	}
}

func (s *stream) addStatus() {
	status := s.console.status()
	now := status.Now
	status.Now = s.status.Now
	if reflect.DeepEqual(status, s.status) {
		return
	}
	status.Now = now
	s.status = status
	s.event("status", status)
}

func (s *stream) addHandshakes() {
	var e HandshakesEvent
	e.Changed, s.handshakes = s.console.traces.changedSince(s.handshakes)
	if len(e.Changed) > 0 {
		s.event("handshakes", e)
	}
}

// event adds an event to the frame. JSON of the encoder is one line.
func (s *stream) event(name string, data any) {
	s.buf.WriteString("event: ")
	s.buf.WriteString(name)
	s.buf.WriteString("\ndata: ")
	s.encoder.Encode(data)
	s.buf.WriteByte('\n')
}

// send writes the frame. A page that takes nothing for too long is given up.
func (s *stream) send() error {
	if s.buf.Len() == 0 {
		return nil
	}
	s.control.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := s.w.Write(s.buf.Bytes())
	s.buf.Reset()
	if err != nil {
		return err
	}
	return s.control.Flush()
}
