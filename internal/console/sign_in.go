package console

import (
	"net"
	"net/http"
	"strings"
	"time"
)

// cookieAge is how long a browser stays signed in. The secret in the state file
// ends it sooner for everybody: delete the file and start again.
const cookieAge = 365 * 24 * time.Hour

// needsSignIn lets those through who have shown the token.
func (c *Console) needsSignIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !c.isSignedIn(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="dtlsd"`)
			writeProblem(w, problem{http.StatusUnauthorized, "not signed in",
				"open the link that dtlsd serve printed, or send its token in the header Authorization: Bearer TOKEN"})
			return
		}
		next(w, r)
	}
}

func (c *Console) isSignedIn(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") && c.secret.isToken(strings.TrimSpace(token)) {
		return true
	}
	for _, cookie := range r.CookiesNamed(c.cookieName()) {
		if c.secret.isCookie(cookie.Value) {
			return true
		}
	}
	return false
}

type login struct {
	Token string `json:"token"`
}

// serveLogin trades the token of the link for a cookie, which no script can
// read and no other site can have sent.
func (c *Console) serveLogin(w http.ResponseWriter, r *http.Request) {
	var body login
	if !readJSON(w, r, &body) {
		return
	}
	if !c.secret.isToken(body.Token) {
		writeProblem(w, problem{http.StatusUnauthorized, "the token is not valid",
			"open the link that dtlsd serve printed: it changes when the secret of the console does"})
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name:     c.cookieName(),
		Value:    c.secret.cookie(),
		Path:     "/",
		MaxAge:   int(cookieAge.Seconds()),
		Secure:   c.settings.Certificate != nil,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
	w.WriteHeader(http.StatusNoContent)
}

// cookieName has the port in it: cookies do not, so that two consoles on one
// machine would sign each other's pages out.
func (c *Console) cookieName() string {
	_, port, _ := net.SplitHostPort(c.listener.Addr().String())
	return "dtlsd_" + port
}
