package main

import (
	"fmt"
	"strings"
)

// expectations are what an association has to turn out to be, as far as the
// runner cannot see it for itself.
type expectations struct {
	sessionMiss    bool // it must not be resumed
	ticketRenewal  bool // a client must have got a new ticket
	noSession      bool // there must be nothing to resume later
	credential     int  // the index of the one that signed
	retry, noRetry bool // that there was a HelloRetryRequest, or none
	serverName     string
	alpn           string
	advertisedALPN string // as it is on the wire
}

// check compares an established association with what was expected of it.
func (x *expectations) check(e *endpoint) error {
	state := e.association.State()
	if wanted := e.connection == resumedConnection && !x.sessionMiss; state.Resumed != wanted {
		return fmt.Errorf("resumed: %t, expected %t", state.Resumed, wanted)
	}
	if x.ticketRenewal && !e.gotTicket {
		return fmt.Errorf("no new ticket")
	}
	if x.noSession && e.gotSession {
		return fmt.Errorf("there is a session to resume, none was expected")
	}
	if x.credential != anyCredential && !e.ledger.shows(x.credential) {
		return fmt.Errorf("credentials used: %v, expected %d", e.ledger.signed, x.credential)
	}
	if x.retry && !state.Retried || x.noRetry && state.Retried {
		return fmt.Errorf("hello_retry_request: %t, expected %t", state.Retried, x.retry)
	}
	if x.serverName != "" && state.ServerName != x.serverName {
		return fmt.Errorf("server name %q, expected %q", state.ServerName, x.serverName)
	}
	if x.alpn != "" && state.ALPN != x.alpn {
		return fmt.Errorf("application protocol %q, expected %q", state.ALPN, x.alpn)
	}
	if x.advertisedALPN != "" && joinProtocols(e.advertisedALPN) != x.advertisedALPN {
		return fmt.Errorf("client advertised %q, expected %q", e.advertisedALPN, x.advertisedALPN)
	}
	return nil
}

// shows reports whether the key with that index signed, and no other.
func (l *ledger) shows(index int) bool { return len(l.signed) == 1 && l.signed[0] == index }

// joinProtocols puts each name after its length.
func joinProtocols(names []string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteByte(byte(len(name)))
		b.WriteString(name)
	}
	return b.String()
}
