package browser

import (
	"strings"
	"testing"
)

func TestSessionsAreShownToldAndEnded(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	c := s.client("--psk", alice)
	if err := c.WriteLine("hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Want("answer", `ACK$`); err != nil {
		t.Fatal(err)
	}
	p.click("#tab-sessions")
	for _, fact := range []string{"alice", "DTLS 1.3", "TLS_AES_128_GCM_SHA256", "127.0.0.1:"} {
		p.awaitText("#sessions-body tr", fact)
	}
	p.enter("#sessions-filter", "nobody")
	p.awaitText("#sessions-empty", "No session matches")
	p.enter("#sessions-filter", "ALICE")
	p.awaitText("#sessions-body tr", "alice")

	p.click("#sessions-body tr[data-session] a, #sessions-body tr[data-session] button")
	p.awaitText("#session-facts", "alice")
	p.enter("#send-data", "a word from the console")
	p.click("#send")
	if _, err := c.Want("datagram", `a word from the console`); err != nil {
		t.Error(err)
	}
	p.choose("#send-as", "hex")
	p.enter("#send-data", "68 65 78")
	p.click("#send")
	if _, err := c.Want("datagram", `hex$`); err != nil {
		t.Error(err)
	}

	p.click("#session-disconnect")
	if _, err := c.Want("end", `shutdown alert received`); err != nil {
		t.Error(err)
	}
	p.awaitText("#closed-body tr", "alice")
	if reason := p.Text("#closed-body tr"); !strings.Contains(reason, "disconnected from the console") {
		t.Errorf("the last session that ended: %q", reason)
	}
}

// 3 pages of a table, one after the other, in the order that was asked for.
func TestSessionsAreSortedAndPaged(t *testing.T) {
	s := serve(t, "--psk", anyone)
	p := open(t, s.console)
	const clients = 30
	for i := range clients {
		s.client("--psk", "device-"+string(rune('a'+i/10))+string(rune('0'+i%10))+strings.TrimPrefix(alice, "alice"))
	}
	p.Await("all sessions", `document.querySelector('#facts').innerText.startsWith('`+number(clients)+` sessions')`)
	p.click("#tab-sessions")
	p.choose("#sessions-limit", "25")
	p.Await("a page of 25", `document.querySelectorAll('#sessions-body tr').length === 25`)
	p.click(`#sessions-head th:nth-child(2) button`)
	p.Await("the first identity on top", `document.querySelector('#sessions-body tr').innerText.includes('device-a0')`)
	p.click(`#sessions-head th:nth-child(2) button`)
	p.Await("the last identity on top", `document.querySelector('#sessions-body tr').innerText.includes('device-c9')`)
	p.click("#sessions-next")
	p.Await("the rest", `document.querySelectorAll('#sessions-body tr').length === 5`)
	p.awaitText("#sessions-range", number(clients))
}
