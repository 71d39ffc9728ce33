package console

import (
	"net/http"
	"testing"
)

func TestNoHandshakesAreAnEmptyList(t *testing.T) {
	s := newSite(t)
	if w := s.do("GET", "/api/v1/handshakes", ""); w.Body.String() != `{"handshakes":[]}`+"\n" {
		t.Errorf("%s", w.Body)
	}
	wantProblem(t, s.do("GET", "/api/v1/handshakes/7", ""), http.StatusNotFound, "there is no handshake 7")
	wantProblem(t, s.do("GET", "/api/v1/handshakes/x", ""), http.StatusBadRequest, "x")
}

func TestCapturesAreThereOnlyIfAskedFor(t *testing.T) {
	w := newSite(t).do("GET", "/api/v1/sessions/7/capture", "")
	wantProblem(t, w, http.StatusNotFound, "--console-captures")
	w = newSite(t, func(s *Settings) { s.Captures = true }).do("GET", "/api/v1/sessions/7/capture", "")
	wantProblem(t, w, http.StatusNotFound, "session 7")
	if got := w.Header().Get("Content-Disposition"); got != "" {
		t.Errorf("a problem is to be saved as a file: %s", got)
	}
}
