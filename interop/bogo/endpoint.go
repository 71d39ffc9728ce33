package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// An endpoint is the association of one connection, together with its owner:
// it takes the runner's commands one at a time, in their order, and sends all
// that follows from one before it looks at the next.
type endpoint struct {
	settings   *settings
	memory     *memory
	link       *link
	connection connection
	ledger     *ledger

	credentials []engine.Credential
	association *engine.Association
	received    [][]byte // plaintexts that were not answered yet
	warning     error    // what went by without an end to the association
	closed      error    // why the association is over

	advertisedALPN []string
	gotSession     bool
	gotTicket      bool
}

// newEndpoint begins the association. What a client says first is sent.
func newEndpoint(s *settings, m *memory, l *link, c connection) (*endpoint, error) {
	e := &endpoint{settings: s, memory: m, link: l, connection: c, ledger: &ledger{}}
	var err error
	if e.credentials, err = s.loadCredentials(e.ledger); err != nil {
		return nil, err
	}
	cfg, ws := s.config(m), engine.NewWorkspace()
	if s.server {
		// The hello comes through the association: the runner's tests are of
		// servers that do not ask for a cookie.
		e.association = engine.NewServer(cfg, ws, m.now, engine.Hello{Verified: true})
	} else {
		e.association = engine.NewClient(cfg, ws, m.now, engine.Target{ServerName: s.serverName, Session: m.session})
	}
	return e, e.drain()
}

// run completes the handshake, checks its outcome and then answers datagrams
// until the runner says goodbye.
func (e *endpoint) run() error {
	for !e.association.Established() {
		if err := e.step(); err != nil {
			return e.explain(err)
		}
	}
	if err := e.settings.expect.check(e); err != nil {
		return err
	}
	if err := e.sendKeyingMaterial(); err != nil {
		return err
	}
	for {
		switch err := e.exchange(); {
		case errors.Is(err, io.EOF), errors.Is(err, engine.ErrCloseNotify):
			return nil
		case err != nil:
			return err
		}
	}
}

// exchange waits for a datagram and answers it.
func (e *endpoint) exchange() error {
	if err := e.updateKeys(); err != nil {
		return err
	}
	for len(e.received) == 0 {
		if err := e.step(); err != nil {
			return err
		}
	}
	return e.answer()
}

// explain adds to the end of a handshake what the peer said before it.
func (e *endpoint) explain(err error) error {
	if errors.Is(err, io.EOF) && e.warning != nil {
		return e.warning
	}
	return err
}

// step follows one command of the runner. Its error says that the association
// or the connection is over.
func (e *endpoint) step() error {
	f, err := e.link.read()
	if err != nil {
		return err
	}
	switch f.command {
	case commandDatagram:
		e.association.Receive(e.memory.now, f.datagram)
	case commandTimeout:
		if err := e.link.confirmTimeout(); err != nil {
			return err
		}
		e.memory.now = e.memory.now.Add(f.duration)
		e.association.Timeout(e.memory.now)
	case commandMTU:
		e.association.SetMTU(f.mtu)
	case commandDeadline:
		return e.checkDeadline(f.duration)
	}
	return e.drain()
}

// checkDeadline compares the time until the next timer with what the runner
// expects.
func (e *endpoint) checkDeadline(want time.Duration) error {
	got := forever
	// What is forgotten at its time is nothing that the peer could notice.
	if deadline := e.association.NextTransmission(); !deadline.IsZero() {
		got = max(deadline.Sub(e.memory.now), 0)
	}
	if got.Truncate(time.Microsecond) != want.Truncate(time.Microsecond) {
		return fmt.Errorf("next timer in %v, expected %v", got, want)
	}
	return nil
}

// drain does what the association asks for.
func (e *endpoint) drain() error {
	for {
		event := e.association.Next()
		if event.Kind == engine.EventNone {
			return e.closed
		}
		if err := e.do(event); err != nil {
			return err
		}
	}
}

func (e *endpoint) do(event engine.Event) error {
	switch event.Kind {
	case engine.EventSend:
		return e.link.sendDatagram(event.Data)
	case engine.EventData:
		e.received = append(e.received, slices.Clone(event.Data))
	case engine.EventClosed:
		e.closed = event.Err
	case engine.EventStoreSession:
		e.store(event)
	case engine.EventAlert:
		if event.Alert.Level == wire.AlertFatal {
			e.warning = &engine.AlertError{Alert: event.Alert.Description}
		}
	default:
		if event.Token != 0 {
			e.association.Resolve(e.memory.now, event.Token, e.reply(event))
		}
	}
	return nil
}

// store keeps a session for the next connection.
func (e *endpoint) store(event engine.Event) {
	e.gotSession = true
	if e.settings.server {
		e.memory.sessions[string(event.Data)] = event.Session
		return
	}
	e.gotTicket = len(event.Session.Ticket) > 0
	e.memory.session = event.Session
}

// answer sends every plaintext back with all its bits flipped, each in a
// record of its own.
func (e *endpoint) answer() error {
	for _, plaintext := range e.received {
		for i := range plaintext {
			plaintext[i] ^= 0xff
		}
		if err := e.send(plaintext); err != nil {
			return err
		}
	}
	e.received = nil
	return nil
}

// sendKeyingMaterial sends what an exporter yields, if the test wants to
// compare it.
func (e *endpoint) sendKeyingMaterial() error {
	s := e.settings
	if s.exportLength == 0 {
		return nil
	}
	material, err := e.association.ExportKeyingMaterial(s.exportLabel, []byte(s.exportContext), s.exportHasContext, s.exportLength)
	if err != nil {
		return err
	}
	return e.send(material)
}

// updateKeys sends a key update, if the test wants one before every read.
func (e *endpoint) updateKeys() error {
	if !e.settings.updatesKeys {
		return nil
	}
	if err := e.association.KeyUpdate(e.memory.now, false); err != nil {
		return err
	}
	return e.drain()
}

func (e *endpoint) send(plaintext []byte) error {
	datagram, err := e.association.Send(nil, plaintext)
	if err != nil {
		return err
	}
	return e.link.sendDatagram(datagram)
}
