package console

import (
	"net/http"
	"testing"
)

func TestEveryAnswerTellsBrowsersToBeCareful(t *testing.T) {
	s := newSite(t)
	foreign := s.request("GET", "/", "")
	foreign.Host = "evil.example"
	stranger := s.request("GET", "/api/v1/status", "")
	stranger.Header.Del("Authorization")
	forged := s.request("DELETE", "/api/v1/listeners", "")
	forged.Header.Set("Sec-Fetch-Site", "cross-site")
	tests := []struct {
		request *http.Request
		status  int
	}{
		{s.request("GET", "/", ""), 200},
		{s.request("GET", "/nothing", ""), 404},
		{s.request("POST", "/", ""), 405},
		{s.request("GET", "//", ""), 307},
		{s.request("GET", "/livez", ""), 200},
		{s.request("GET", "/metrics", ""), 200},
		{s.request("GET", "/api/v1/status", ""), 200},
		{s.request("GET", "/api/v1/nothing", ""), 404},
		{s.request("PUT", "/api/v1/status", ""), 405},
		{foreign, 421},
		{stranger, 401},
		{forged, 403},
	}
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
		"Access-Control-Allow-Origin":  "",
	}
	for _, tt := range tests {
		w := s.send(tt.request)
		if w.Code != tt.status {
			t.Errorf("%s %s: status %d, not %d", tt.request.Method, tt.request.URL, w.Code, tt.status)
		}
		for name, value := range want {
			if got := w.Header().Get(name); got != value {
				t.Errorf("%s %s: %s is %q", tt.request.Method, tt.request.URL, name, got)
			}
		}
	}
}

func TestWritesOfOtherSitesAreRefused(t *testing.T) {
	tests := []struct {
		name    string
		headers map[string]string // HOST stands for the console's
		refused bool
	}{
		{"a program", nil, false},
		{"the page", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://HOST"}, false},
		{"the page in an old browser", map[string]string{"Origin": "http://HOST"}, false},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, true},
		{"another site in an old browser", map[string]string{"Origin": "https://evil.example"}, true},
		{"another port of this machine", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, true},
		{"a sandboxed frame", map[string]string{"Origin": "null"}, true},
	}
	writes := []struct{ method, target, body string }{
		{"POST", "/api/v1/login", `{"token":"0"}`},
		{"POST", "/api/v1/listeners", `{"addresses":["127.0.0.1:1"]}`},
		{"DELETE", "/api/v1/listeners", ""},
		{"DELETE", "/api/v1/sessions/1", ""},
		{"POST", "/api/v1/sessions/1/datagrams", `{"text":"a"}`},
	}
	s := newSite(t)
	for _, tt := range tests {
		for _, write := range writes {
			r := s.request(write.method, write.target, write.body)
			for name, value := range tt.headers {
				if value == "http://HOST" {
					value = "http://" + r.Host
				}
				r.Header.Set(name, value)
			}
			if w := s.send(r); (w.Code == http.StatusForbidden) != tt.refused {
				t.Errorf("%s, %s %s: status %d", tt.name, write.method, write.target, w.Code)
			}
		}
	}
}
