package interop

import (
	"crypto/rand"
	"fmt"
)

// converse connects client to server as the scenario says and demands that both report its suite, that random text
// goes both ways, that what else is wanted of the two ends holds, and that the server notices the client's goodbye.
func converse(scenario *Scenario, server, client Implementation, wants ...func(Listener, End) error) error {
	s, err := server.Serve(scenario)
	if err != nil {
		return fmt.Errorf("server %s: %w", server.Name(), err)
	}
	defer s.Stop()
	address := s.Addr()
	if scenario.Fate != nil {
		relay, err := NewRelay(address, scenario.Fate)
		if err != nil {
			return err
		}
		defer relay.Stop()
		address = relay.Addr()
	}
	c, err := client.Connect(scenario, address)
	if err != nil {
		return fmt.Errorf("client %s: %w", client.Name(), err)
	}
	defer c.Stop()
	return talk(scenario.Suite, s, c, wants...)
}

// talk is the part of the dialogue after both programs were started.
func talk(suite Suite, s Listener, c End, wants ...func(Listener, End) error) error {
	if err := wantSuite(suite, c); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if err := wantSuite(suite, s); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if err := exchangeTexts(s, c); err != nil {
		return err
	}
	for _, want := range wants {
		if err := want(s, c); err != nil {
			return err
		}
	}
	if err := c.Close(); err != nil {
		return fmt.Errorf("client: close: %w", err)
	}
	if _, err := s.Report(Goodbye); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}

// wantSuite demands that the program itself reports the suite.
func wantSuite(want Suite, e End) error {
	got, err := e.Suite()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("it reports %v, not %v", got, want)
	}
	return nil
}

// exchangeTexts sends a random text each way. Where the server echoes, the answer is the client's text.
func exchangeTexts(s Listener, c End) error {
	ping, pong := randomText("ping"), randomText("pong")
	if err := c.Send(ping); err != nil {
		return fmt.Errorf("client: send: %w", err)
	}
	if err := s.WantText(ping); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	if s.Echoes() {
		pong = ping
	} else if err := s.Send(pong); err != nil {
		return fmt.Errorf("server: send: %w", err)
	}
	if err := c.WantText(pong); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
}

// randomText returns a text of 24 to 32 letters and digits that no other row uses. The prefix starts with a letter
// that is not a command of openssl s_client or s_server.
func randomText(prefix string) string {
	return "token-" + prefix + "-" + rand.Text()
}
