package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// Connect is dtlsd connect: it makes a session and does in it what the
// settings say. It ends with a close_notify.
func Connect(ctx context.Context, s ConnectSettings, streams Streams) error {
	if err := s.Validate(); err != nil {
		return err
	}
	config, name, err := s.config()
	if err != nil {
		return err
	}
	if err := config.ValidateClient(); err != nil {
		return configFault(err)
	}
	c := &client{settings: &s, name: name, in: streams.In, printer: newPrinter(s.LogFormat, streams)}
	config.Observer = c.observer()
	if s.Resume != "" {
		tickets, err := openTicketFile(s.Resume, s.Address)
		if err != nil {
			return err
		}
		config.ClientSessionCache = tickets
		defer c.warnOf(tickets)
	}
	if s.KeyLog == "" {
		return c.run(ctx, config)
	}
	return c.runLogged(ctx, config)
}

// warnOf says that sessions could not be kept.
func (c *client) warnOf(tickets *ticketFile) {
	if err := tickets.failure(); err != nil {
		c.say(slog.LevelWarn, "the session cannot be resumed later: "+err.Error())
	}
}

// runLogged is run with a key log. Whoever asks for one wants it whole.
func (c *client) runLogged(ctx context.Context, config *dtls.Config) error {
	k, err := openKeyLog(c.settings.KeyLog, nil)
	if err != nil {
		return err
	}
	defer k.Close()
	config.KeyLogWriter = k
	c.printer.line(keyLogWarning(c.settings.KeyLog))
	err = c.run(ctx, config)
	switch unwritten := k.failure(); {
	case unwritten == nil:
		return err
	case err == nil:
		return unwritten
	default:
		c.say(slog.LevelError, unwritten.Error())
		return err
	}
}

// A client is one run of dtlsd connect.
type client struct {
	settings *ConnectSettings
	name     string
	in       io.Reader
	printer  printer

	conn        net.Conn
	updatesKeys bool // the version of the session can
	peer        netip.AddrPort
	received    chan []byte // datagrams of the server; closed when there will be no more
	ended       error       // why it was closed

	unreachable atomic.Pointer[dtls.UnreachableError] // what the network said last; nil for nothing
	answered    atomic.Bool                           // a handshake message came back
	echoed      atomic.Bool                           // it was our own
}

func (c *client) observer() *dtls.Observer {
	level := LevelInfo
	if c.settings.Verbose {
		level = LevelDebug
	}
	o := observer(c.name, level, c.printer.line)
	tell := o.Log
	o.Log = func(e dtls.Entry) {
		var unreachable *dtls.UnreachableError
		if errors.As(e.Err, &unreachable) {
			c.unreachable.Store(unreachable)
		}
		tell(e)
	}
	show := o.Handshake
	o.Handshake = func(e dtls.HandshakeEvent) {
		c.hear(e)
		if show != nil {
			show(e)
		}
	}
	return o
}

// hear remembers what helps to explain a handshake that fails.
func (c *client) hear(e dtls.HandshakeEvent) {
	if e.Sent || e.Message == "" {
		return
	}
	c.answered.Store(true)
	if e.Message == "client_hello" {
		c.echoed.Store(true)
	}
}

func (c *client) run(ctx context.Context, config *dtls.Config) error {
	conn, err := dtls.DialContext(ctx, "udp", c.settings.Address, config)
	if err != nil {
		return c.explain(ctx, err)
	}
	defer conn.Close()
	c.conn = conn
	c.peer, _ = netip.ParseAddrPort(conn.RemoteAddr().String())
	if c.settings.Insecure && !c.settings.hasPSK() {
		c.say(slog.LevelWarn, "the server's certificate was not checked: anybody could be at the other end")
	}
	state := conn.ConnectionState()
	c.updatesKeys = state.Version == dtls.VersionDTLS13
	if c.settings.Verbose {
		c.say(slog.LevelInfo, agreed(&state))
	} else if state.DidResume {
		c.say(slog.LevelInfo, "session resumed")
	}
	return c.talk(ctx)
}

// agreed is what both sides agreed on, in a line.
func agreed(state *dtls.ConnectionState) string {
	text := fmt.Sprintf("session cipher: %s; session protocol: %s", state.CipherSuite.OpenSSLName, dtls.VersionName(state.Version))
	if state.Group != 0 {
		text += "; key agreement: " + groupName(state.Group)
	}
	if state.DidResume {
		text += "; session resumed"
	}
	if state.HelloRetryRequest {
		text += "; after a HelloRetryRequest"
	}
	return text
}

// talk does over the connection what the settings say.
func (c *client) talk(ctx context.Context) error {
	c.received = make(chan []byte)
	stop := make(chan struct{})
	defer close(stop)
	go c.receive(stop)

	switch {
	case c.settings.Ping > 0:
		return c.ping(ctx)
	case c.settings.Message != nil:
		return c.ask(ctx, *c.settings.Message)
	}
	return c.converse(ctx)
}

// receive hands on what the server sends until the session ends.
func (c *client) receive(stop <-chan struct{}) {
	defer close(c.received)
	buf := make([]byte, 1<<16)
	for {
		n, err := c.conn.Read(buf)
		if err != nil {
			c.ended = err
			return
		}
		select {
		case c.received <- append([]byte(nil), buf[:n]...):
		case <-stop:
			return
		}
	}
}

// retryTime is how long a full queue is left alone.
const retryTime = time.Millisecond

// send sends one datagram. A pipe is faster than a network: it waits for room.
func (c *client) send(ctx context.Context, datagram []byte) error {
	for {
		_, err := c.conn.Write(datagram)
		switch {
		case errors.Is(err, dtls.ErrMessageTooLarge):
			return runFault("one datagram holds at most 16384 bytes", "a datagram of %d bytes is too large", len(datagram))
		case !errors.Is(err, dtls.ErrQueueFull) && err != nil:
			return c.over(err)
		case err == nil:
			return nil
		}
		select {
		case <-time.After(retryTime):
		case <-ctx.Done():
			return &Fault{Err: ctx.Err()}
		}
	}
}

// say prints a line about the client itself.
func (c *client) say(level slog.Level, text string) {
	c.printer.line(Line{Time: time.Now(), Level: level, Peer: c.peer, Text: c.name + ": " + text})
}

func (c *client) show(datagram []byte) error {
	err := c.printer.answer(Datagram{Time: time.Now(), Peer: c.peer, Plaintext: datagram, PlaintextSize: len(datagram)})
	if err != nil {
		return runFault("", "standard output: %w", rootCause(err))
	}
	return nil
}

// lost says why the server sends no more.
func (c *client) lost() error {
	if errors.Is(c.ended, io.EOF) {
		return runFault("", "the server closed the session")
	}
	return c.over(c.ended)
}

// over says why the session is. In DTLS 1.3 a server may refuse a client that is
// connected already.
func (c *client) over(err error) error {
	fault := &Fault{Err: withoutPrefix{err}}
	if alert := (*dtls.AlertError)(nil); errors.As(err, &alert) {
		fault.Hint = c.adviceOnAlert(alert.Alert)
	}
	return fault
}
