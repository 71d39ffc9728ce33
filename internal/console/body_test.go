package console

import (
	"net/http"
	"strings"
	"testing"
)

func TestBodiesThatDoNotFitAreRefused(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name, contentType, body string
		status                  int
	}{
		{"a form", "application/x-www-form-urlencoded", "addresses=127.0.0.1:1", http.StatusUnsupportedMediaType},
		{"text", "text/plain", `{"addresses":["127.0.0.1:1"]}`, http.StatusUnsupportedMediaType},
		{"no type", "", `{"addresses":["127.0.0.1:1"]}`, http.StatusUnsupportedMediaType},
		{"nothing", "application/json", "", http.StatusBadRequest},
		{"no JSON", "application/json", "addresses", http.StatusBadRequest},
		{"another type", "application/json", `{"addresses":"127.0.0.1:1"}`, http.StatusBadRequest},
		{"an unknown field", "application/json", `{"addresses":["127.0.0.1:1"],"address":"127.0.0.1:1"}`, http.StatusBadRequest},
		{"two values", "application/json", `{"addresses":["127.0.0.1:1"]}{}`, http.StatusBadRequest},
		{"something after it", "application/json", `{"addresses":["127.0.0.1:1"]}]`, http.StatusBadRequest},
		{"too much", "application/json", `{"addresses":["` + strings.Repeat("1", maxBody) + `"]}`, http.StatusRequestEntityTooLarge},
	}
	for _, tt := range tests {
		r := s.request("POST", "/api/v1/listeners", tt.body)
		r.Header.Set("Content-Type", tt.contentType)
		w := s.send(r)
		if w.Code != tt.status {
			t.Errorf("%s: status %d, %s", tt.name, w.Code, w.Body)
		}
		wantProblem(t, w, tt.status, "")
	}
	r := s.request("POST", "/api/v1/listeners", `{"addresses":["127.0.0.1:1"]}`+"\n")
	r.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
	if w := s.send(r); w.Code != http.StatusOK {
		t.Errorf("what fits: status %d, %s", w.Code, w.Body)
	}
}
