package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

func TestDatagramsAreSentAsTextOrHex(t *testing.T) {
	s := newSite(t)
	p := s.connect()
	target := fmt.Sprintf("/api/v1/sessions/%d/datagrams", p.session.ID())
	buffer := make([]byte, 1<<15)
	p.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for body, want := range map[string]string{
		`{"text":"hello"}`:              "hello",
		`{"text":"<b>\u00e9\u001b"}`:    "<b>\u00e9\x1b",
		`{"hex":"68656c6c6f"}`:          "hello",
		`{"hex":" 68 65\n6C 6c\t6f "}`:  "hello",
		`{"hex":"ff00"}`:                "\xff\x00",
		`{"text":null,"hex":"00"}`:      "\x00",
		`{"hex":"` + longHex() + `"}`:   strings.Repeat("\x41", 16384),
		`{"text":"` + longText() + `"}`: strings.Repeat("A", 16384),
	} {
		if w := s.do("POST", target, body); w.Code != http.StatusNoContent {
			t.Errorf("%.40s: status %d, %s", body, w.Code, w.Body)
			continue
		}
		if n, err := p.conn.Read(buffer); err != nil || string(buffer[:n]) != want {
			t.Errorf("%.40s: the peer got %.40q, %v", body, buffer[:n], err)
		}
	}
}

// longHex and longText are the longest datagram at its longest.
func longHex() string  { return strings.TrimSpace(strings.Repeat("41 ", 16384)) }
func longText() string { return strings.Repeat(`\u0041`, 16384) }

func TestSenselessDatagramsAreRefused(t *testing.T) {
	s := newSite(t)
	target := fmt.Sprintf("/api/v1/sessions/%d/datagrams", s.connect().session.ID())
	tests := []struct {
		body    string
		status  int
		mention string
	}{
		{`{}`, http.StatusBadRequest, "either text or hex"},
		{`{"text":"a","hex":"61"}`, http.StatusBadRequest, "either text or hex"},
		{`{"hex":"6"}`, http.StatusBadRequest, "two digits"},
		{`{"hex":"xx"}`, http.StatusBadRequest, "two digits"},
		{`{"txt":"a"}`, http.StatusBadRequest, "txt"},
		{`{"text":"` + strings.Repeat("a", 16385) + `"}`, http.StatusRequestEntityTooLarge, "16385 bytes are more than the 16384"},
	}
	for _, tt := range tests {
		wantProblem(t, s.do("POST", target, tt.body), tt.status, tt.mention)
	}
}

func TestDatagramsThatCannotBeSentSayWhy(t *testing.T) {
	s := newSite(t)
	p := s.connect()
	wantStatus := func(err error, want int) {
		t.Helper()
		if got := sendProblem(err, p.session, 1); got.Status != want {
			t.Errorf("%v: %+v", err, got)
		}
	}
	wantStatus(dtls.ErrQueueFull, http.StatusServiceUnavailable)
	wantStatus(dtls.ErrMessageTooLarge, http.StatusRequestEntityTooLarge)
	p.session.Close()
	w := s.do("POST", fmt.Sprintf("/api/v1/sessions/%d/datagrams", p.session.ID()), `{"text":"a"}`)
	wantProblem(t, w, http.StatusNotFound, "/api/v1/sessions/closed")
}
