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
	p.await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	if fragment := evaluate[string](p, "location.hash"); strings.Contains(fragment, "token") {
		t.Error("the token stays in the address")
	}
	if cookie := evaluate[string](p, "document.cookie"); cookie != "" {
		t.Errorf("a script can read the cookie: %s", cookie)
	}
	s.process.Stop()
	p.awaitText("#connection", "disconnected, trying again")
	s.restart()
	p.await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	p.awaitText("#live-note", "The server was restarted")
	s.connect("--psk", alice, "--message", "after the restart")
	p.awaitText("#messages", "after the restart")
}

func TestPageOfAnotherSecretAsksForTheNewLink(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	p.await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
	s.process.Stop()
	if err := os.Remove(filepath.Join(s.state, "secret")); err != nil {
		t.Fatal(err)
	}
	s.restart()
	p.awaitText("#signed-out-reason", "open the link")
	p.navigate(s.console)
	p.await("the connection", `document.querySelector('#connection').innerText === 'connected'`)
}

func TestPageWithoutTheLinkShowsNothing(t *testing.T) {
	s := serve(t, "--psk", anyone)
	address, _, _ := strings.Cut(s.console, "#")
	p := open(t, address)
	p.awaitText("#signed-out-reason", "open the link")
	if evaluate[bool](p, `document.querySelector('#console').checkVisibility()`) {
		t.Error("the console is shown")
	}
}
