package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestListeningStartsAndStops(t *testing.T) {
	s := newSite(t)
	s.backend.stats.Sessions = 2
	steps := []struct {
		method, target, body string
		listening            []string
		accepting            bool
		told                 string
	}{
		{"DELETE", "/api/v1/listeners", "", []string{"127.0.0.1:22334"}, false, ""},
		{"POST", "/api/v1/listeners", `{"addresses":["127.0.0.1:1","[::1]:0"]}`, []string{"127.0.0.1:1", "[::1]:0"}, true, ""},
		{"DELETE", "/api/v1/listeners?disconnect=false", "", []string{"127.0.0.1:1", "[::1]:0"}, false, ""},
		{"DELETE", "/api/v1/listeners?disconnect=true", "", nil, false, `"told":2`},
		{"POST", "/api/v1/listeners", `{"addresses":[":22334"]}`, []string{":22334"}, true, ""},
	}
	for _, step := range steps {
		w := s.do(step.method, step.target, step.body)
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s: status %d, %s", step.method, step.target, w.Code, w.Body)
		}
		var got Status
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Listening, step.listening) || got.Accepting != step.accepting {
			t.Errorf("%s %s: listening on %v, accepting %v", step.method, step.target, got.Listening, got.Accepting)
		}
		if told := strings.Contains(w.Body.String(), `"told"`); told != (step.told != "") || !strings.Contains(w.Body.String(), step.told) {
			t.Errorf("%s %s: %s", step.method, step.target, w.Body)
		}
	}
}

func TestSenselessAddressesAreRefusedBeforeAnybodyIsToldGoodbye(t *testing.T) {
	s := newSite(t)
	for addresses, mention := range map[string]string{
		`[]`:                   "0 addresses",
		`["127.0.0.1"]`:        "HOST:PORT",
		`["::1:22334"]`:        "HOST:PORT",
		`["127.0.0.1:65536"]`:  "65536",
		`["127.0.0.1:-1"]`:     "-1",
		`["127.0.0.1:coaps"]`:  "coaps",
		`[":1","127.0.0.1:x"]`: `"x"`,
		"[" + strings.Repeat(`":1",`, 16) + `":1"]`: "17 addresses",
	} {
		wantProblem(t, s.do("POST", "/api/v1/listeners", `{"addresses":`+addresses+`}`), http.StatusBadRequest, mention)
	}
	if got, _ := s.backend.Listening(); !slices.Equal(got, []string{"127.0.0.1:22334"}) {
		t.Errorf("the server listens on %v", got)
	}
	wantProblem(t, s.do("DELETE", "/api/v1/listeners?disconnect=perhaps", ""), http.StatusBadRequest, "perhaps")
}

func TestListeningInVainSaysWhy(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		err     error
		status  int
		mention string
	}{
		{fmt.Errorf("listen: %w", syscall.EADDRINUSE), http.StatusConflict, "the bound address is already in use"},
		{fmt.Errorf("listen: %w", syscall.EADDRNOTAVAIL), http.StatusConflict, "this machine does not have it"},
		{fmt.Errorf("listen: %w", syscall.EACCES), http.StatusConflict, "protected"},
		{faultf("do that", "cannot do this"), http.StatusConflict, "cannot do this; do that"},
		{&fault{syscall.EADDRINUSE, "choose another"}, http.StatusConflict, "already in use; choose another"},
		{context.DeadlineExceeded, http.StatusServiceUnavailable, "deadline"},
	}
	for _, tt := range tests {
		s.backend.err = tt.err
		wantProblem(t, s.do("POST", "/api/v1/listeners", `{"addresses":["127.0.0.1:1"]}`), tt.status, tt.mention)
	}
	s.backend.err = errors.New("no time for that")
	wantProblem(t, s.do("DELETE", "/api/v1/listeners?disconnect=1", ""), http.StatusServiceUnavailable, "no time for that")
}
