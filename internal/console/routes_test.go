package console

import (
	"net/http"
	"testing"
)

func TestWrongMethodsAreToldTheRightOnes(t *testing.T) {
	s := newSite(t)
	tests := []struct{ method, target, allow string }{
		{"PUT", "/api/v1/status", "GET"},
		{"DELETE", "/api/v1/status", "GET"},
		{"GET", "/api/v1/listeners", "DELETE, POST"},
		{"GET", "/api/v1/login", "POST"},
		{"POST", "/api/v1/sessions/1", "DELETE, GET"},
		{"DELETE", "/api/v1/sessions/closed", "GET"},
		{"POST", "/livez", "GET"},
		{"POST", "/index.html", "GET"},
	}
	for _, tt := range tests {
		w := s.do(tt.method, tt.target, "")
		wantProblem(t, w, http.StatusMethodNotAllowed, tt.method)
		if got := w.Header().Get("Allow"); got != tt.allow {
			t.Errorf("%s %s: Allow is %q, not %q", tt.method, tt.target, got, tt.allow)
		}
	}
}

func TestUnknownPathsAreProblems(t *testing.T) {
	s := newSite(t)
	for _, target := range []string{"/api/", "/api/v1/", "/api/v2/status", "/api/v1/status/", "/app.php", "/page/index.html", "/debug/pprof/", "/.git/config"} {
		wantProblem(t, s.do("GET", target, ""), http.StatusNotFound, "")
	}
}

func TestProfilesAreThereIfAskedFor(t *testing.T) {
	s := newSite(t, func(s *Settings) { s.Profiles = true })
	for _, target := range []string{"/debug/pprof/", "/debug/pprof/goroutine"} {
		if w := s.do("GET", target, ""); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: status %d", target, w.Code)
		}
	}
}

func TestReadyMeansThatClientsCanConnect(t *testing.T) {
	s := newSite(t)
	probe := func(target string) (status int) {
		r := s.request("GET", target, "")
		r.Header.Del("Authorization")
		return s.send(r).Code
	}
	if got := probe("/readyz"); got != http.StatusOK {
		t.Errorf("status %d while listening", got)
	}
	s.backend.StopListening()
	wantProblem(t, s.do("GET", "/readyz", ""), http.StatusServiceUnavailable, "not accepting")
	s.backend.listening = nil
	wantProblem(t, s.do("GET", "/readyz", ""), http.StatusServiceUnavailable, "not listening")
	if got := probe("/livez"); got != http.StatusOK {
		t.Errorf("not alive: status %d", got)
	}
}
