package console

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// examplePath is a path that a route has.
func examplePath(r route) string { return strings.ReplaceAll(r.path, "{id}", "1") }

func TestEveryRouteButAFewNeedsSignIn(t *testing.T) {
	s := newSite(t, func(s *Settings) { s.Profiles, s.Captures = true, true })
	open := map[string]bool{"POST /api/v1/login": true, "GET /livez": true, "GET /readyz": true}
	for _, route := range s.console.routes() {
		r := s.request(route.method, examplePath(route), "")
		r.Header.Del("Authorization")
		w := s.send(r)
		if name := route.method + " " + route.path; open[name] {
			if w.Code == http.StatusUnauthorized {
				t.Errorf("%s needs sign-in", name)
			}
			delete(open, name)
			continue
		}
		wantProblem(t, w, http.StatusUnauthorized, "the link that dtlsd serve printed")
		if w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s %s: nothing says how to sign in", route.method, route.path)
		}
	}
	if len(open) > 0 {
		t.Errorf("there is no %v", open)
	}
}

func TestPathsThatDoNotExistNeedSignInToo(t *testing.T) {
	s := newSite(t)
	r := s.request("GET", "/api/v1/secrets", "")
	r.Header.Del("Authorization")
	wantProblem(t, s.send(r), http.StatusUnauthorized, "")
	wantProblem(t, s.do("GET", "/api/v1/secrets", ""), http.StatusNotFound, "/api/v1/secrets")
}

// signIn trades a token for the cookie.
func (s *site) signIn(token string) *httptest.ResponseRecorder {
	r := s.request("POST", "/api/v1/login", `{"token":"`+token+`"}`)
	r.Header.Del("Authorization")
	return s.send(r)
}

// statusWith asks for the status with a cookie and nothing else.
func (s *site) statusWith(cookie *http.Cookie) int {
	r := s.request("GET", "/api/v1/status", "")
	r.Header.Del("Authorization")
	r.AddCookie(cookie)
	return s.send(r).Code
}

func (s *site) tokenOfLink() string {
	s.t.Helper()
	_, token, ok := strings.Cut(s.console.URL(), "/#token=")
	if !ok {
		s.t.Fatalf("no token in %s", s.console.URL())
	}
	return token
}

func TestTokenOfTheLinkIsTradedForACookie(t *testing.T) {
	s := newSite(t)
	w := s.signIn(s.tokenOfLink())
	if w.Code != http.StatusNoContent {
		t.Fatalf("status %d, %s", w.Code, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	_, port, _ := strings.Cut(s.console.listener.Addr().String(), ":")
	if cookie.Name != "dtlsd_"+port || cookie.Path != "/" || !cookie.HttpOnly || cookie.Secure ||
		cookie.SameSite != http.SameSiteStrictMode || cookie.MaxAge != 365*24*3600 || cookie.Domain != "" {
		t.Errorf("the cookie is %v", cookie)
	}
	if strings.Contains(cookie.Value, s.tokenOfLink()) {
		t.Error("the cookie gives the token away")
	}
	if got := s.statusWith(cookie); got != http.StatusOK {
		t.Errorf("status %d with the cookie", got)
	}
	cookie.Value = s.tokenOfLink()
	if got := s.statusWith(cookie); got != http.StatusUnauthorized {
		t.Errorf("status %d with the token as a cookie", got)
	}
}

func TestCookieIsForTLSOnlyUnderTLS(t *testing.T) {
	s := newSite(t, withTLS)
	if cookie := s.signIn(s.tokenOfLink()).Result().Cookies()[0]; !cookie.Secure {
		t.Errorf("the cookie is %v", cookie)
	}
}

func TestWrongTokensAreRefused(t *testing.T) {
	s := newSite(t)
	for _, token := range []string{"", "0", strings.Repeat("0", 64), s.console.secret.cookie(), s.tokenOfLink()[:63]} {
		w := s.signIn(token)
		wantProblem(t, w, http.StatusUnauthorized, "the link")
		if len(w.Result().Cookies()) > 0 {
			t.Errorf("a cookie for %q", token)
		}
	}
	for _, authorization := range []string{"", "Bearer", "Bearer 0", "Basic " + s.tokenOfLink(), s.tokenOfLink()} {
		r := s.request("GET", "/api/v1/status", "")
		r.Header.Set("Authorization", authorization)
		wantProblem(t, s.send(r), http.StatusUnauthorized, "")
	}
}

func TestCookiesAndLinksOutliveARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "console")
	before := newSite(t, func(s *Settings) { s.StateFile = file })
	cookie := before.signIn(before.tokenOfLink()).Result().Cookies()[0]
	address := before.console.listener.Addr().String()
	before.console.Close()

	after := newSite(t, func(s *Settings) { s.StateFile, s.Address = file, address })
	if got := after.statusWith(cookie); got != http.StatusOK {
		t.Errorf("status %d with the cookie of before", got)
	}
	if before.console.URL() != after.console.URL() {
		t.Error("the link has changed")
	}
	if before.console.boot == after.console.boot {
		t.Error("nothing tells the two runs apart")
	}
	if w := append(before.console.Warnings(), after.console.Warnings()...); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
}

func TestWithoutAStateFileEachRunHasItsOwnSecret(t *testing.T) {
	one, other := newSite(t), newSite(t)
	if one.tokenOfLink() == other.tokenOfLink() {
		t.Error("two runs have one token")
	}
}
