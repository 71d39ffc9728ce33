package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A page that was open when the server went comes back with it.
func TestPageOutlivesARestart(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.Await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	if fragment := evaluate[string](p, "location.hash"); strings.Contains(fragment, "token") {
		t.Error("the token stays in the address")
	}
	if cookie := evaluate[string](p, "document.cookie"); cookie != "" {
		t.Errorf("a script can read the cookie: %s", cookie)
	}
	s.process.Stop()
	p.awaitText("#connection", "disconnected, trying again")
	s.restart()
	p.Await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	p.awaitText("#live-note", "The server was restarted")
	s.connect("--psk", alice, "--message", "after the restart")
	p.awaitText("#messages", "after the restart")
}

func TestPageOfAnotherSecretAsksForTheNewLink(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.Await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	s.process.Stop()
	if err := os.Remove(filepath.Join(s.state, "secret")); err != nil {
		t.Fatal(err)
	}
	s.restart()
	p.awaitText("#signed-out-reason", "open the link")
	p.navigate(s.console)
	p.Await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
}

func TestPageWithoutTheLinkShowsNothing(t *testing.T) {
	s := serve(t, "--psk", anyone)
	address, _, _ := strings.Cut(s.console, "#")
	p := open(t, address)
	p.awaitText("#signed-out-reason", "open that link")
	if evaluate[bool](p, `document.querySelector('#console').checkVisibility()`) {
		t.Error("the console is shown")
	}
}

// Numbers begin anew with the server: a page that shows session 1 of before must not have anything to do with session 1 of
// now.
func TestSessionOfBeforeIsNotOneOfNow(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	old := s.client("--psk", alice)
	p.click("#tab-sessions")
	p.click("#sessions-body tr[data-session] a, #sessions-body tr[data-session] button")
	p.awaitText("#session-facts", "alice")
	p.enter("#send-data", "for alice alone")
	old.Stop()
	s.restart()
	s.client("--psk", "bob"+strings.TrimPrefix(alice, "alice"))
	p.awaitText("#sessions-body tr", "bob")
	p.Await("the panel of the old session to go", `!document.querySelector('#session-detail').checkVisibility()`)
	if text := evaluate[string](p, `document.querySelector('#send-data').value`); text != "" {
		t.Errorf("what was to be sent waits for the next session: %q", text)
	}
}

func TestBadLinkIsCalledBad(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console[:len(s.console)-1])
	p.awaitText("#signed-out-reason", "This link is not good")
}
