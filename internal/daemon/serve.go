package daemon

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	// goodbyeTime bounds how long the peers are told goodbye at the end.
	goodbyeTime = 3 * time.Second
	// printTime bounds how long the end waits for a stuck terminal.
	printTime = time.Second
)

// Serve is dtlsd serve. It ends when ctx does, having said goodbye to every
// peer, or with an error. SIGHUP makes it read its files again. Watch may be
// nil.
func Serve(ctx context.Context, s ServeSettings, streams Streams, watch Watch) error {
	d, err := newService(&s)
	if err != nil {
		return err
	}
	return d.run(ctx, streams, watch)
}

// A Service is one run of dtlsd serve.
type Service struct {
	settings    *ServeSettings
	places      []place
	credentials *credentials
	guest       *PSK // the key of a run that was given no credential
	config      *dtls.Config
	keyLog      *keyLog // nil for none
	journal     *Journal
	watcher     Watcher // nil for none
	station     *station
	welcomed    bool
}

// newService finds everything that is wrong with the settings.
func newService(s *ServeSettings) (*Service, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	d := &Service{settings: s}
	var err error
	if d.places, err = places(s.Listen); err != nil {
		return nil, err
	}
	if err := d.loadCredentials(); err != nil {
		return nil, err
	}
	if d.config, err = s.config(); err != nil {
		return nil, err
	}
	d.credentials.apply(d.config)
	if err := d.credentials.validate(d.config); err != nil {
		return nil, configFault(err)
	}
	return d, nil
}

func (d *Service) loadCredentials() (err error) {
	s := d.settings
	var extra []PSK
	if len(s.PSK) == 0 && s.PSKFile == "" && s.Cert == "" && !s.SelfSigned {
		guest := newGuest()
		d.guest, extra = &guest, []PSK{guest}
	}
	if d.credentials, err = newCredentials(s, extra...); err != nil || !s.SelfSigned {
		return err
	}
	var addresses []*net.UDPAddr
	for _, p := range d.places {
		addresses = append(addresses, p.address)
	}
	cert, err := selfSigned(addresses, time.Now())
	if err != nil {
		return err
	}
	d.credentials.certificate.Store(cert)
	return nil
}

// config returns what the settings mean to the library, credentials apart.
func (s *ServeSettings) config() (*dtls.Config, error) {
	c := &dtls.Config{
		NextProtos:  s.ALPN,
		MTU:         s.MTU,
		IdleTimeout: s.IdleTimeout.Duration,
	}
	s.DTLS.apply(c)
	s.CID.apply(c)
	var err error
	if c.CipherSuites, err = parseCiphers(s.Ciphers); err != nil {
		return nil, err
	}
	if c.CurvePreferences, err = parseGroups(s.Groups); err != nil {
		return nil, err
	}
	if s.ClientCA != "" {
		if c.ClientCAs, err = loadPool(s.ClientCA); err != nil {
			return nil, err
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// run serves until ctx ends or a socket dies.
func (d *Service) run(ctx context.Context, streams Streams, watch Watch) error {
	// Whoever reads what we print may go away; that ends no session.
	signal.Ignore(syscall.SIGPIPE)
	hangUp := make(chan os.Signal, 1)
	signal.Notify(hangUp, syscall.SIGHUP)
	defer signal.Stop(hangUp)

	d.journal = NewJournal(newPrinter(d.settings.LogFormat, streams), d.settings.limits())
	defer d.journal.Close(printTime)
	if err := d.openKeyLog(); err != nil {
		return err
	}
	defer d.closeKeyLog()
	d.startWatching(watch)
	defer d.stopWatching()
	d.config.Observer = d.observer()

	d.station = &station{server: d.newServer(), shards: d.settings.Shards, opened: d.welcome, missing: d.warn, parted: d.parted, failed: make(chan error, 1)}
	if err := d.station.listen(ctx, d.places); err != nil {
		return err
	}
	d.serveWatcher()
	kept, release := context.WithCancel(ctx)
	defer release()
	d.keepMemory(kept)
	for {
		select {
		case <-hangUp:
			d.tell(d.credentials.reload()...)
		case err := <-d.station.failed:
			d.station.close(expired(ctx))
			return err
		case <-ctx.Done():
			d.goodbye(ctx)
			return nil
		}
	}
}

// expired is a context for those who will not wait.
func expired(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx
}

func (d *Service) goodbye(ctx context.Context) {
	bounded, cancel := patient(ctx)
	defer cancel()
	d.station.close(bounded)
}

// parted says what became of the peers when the sockets were given up.
func (d *Service) parted(told int, err error) {
	if told > 0 {
		d.inform(fmt.Sprintf("Said goodbye to %s", count(told, "peer", "peers")))
	}
	if err != nil {
		d.warn(fmt.Errorf("not every peer could be told goodbye: %w", err))
	}
}

func (d *Service) newServer() *dtls.Server {
	server := &dtls.Server{Config: d.config, Handler: d.settings.Reply.handler()}
	if d.watcher != nil {
		server.Closed = d.watcher.SessionClosed
	}
	return server
}

func (d *Service) observer() *dtls.Observer {
	o := observer("", d.settings.LogLevel, d.journal.Tell)
	if d.settings.Datagrams != DetailOff {
		o.Datagram = func(g dtls.Datagram) {
			if !g.Sent {
				d.journal.Show(Datagram{Peer: g.Peer, Ciphertext: g.Ciphertext, Plaintext: g.Plaintext})
			}
		}
	}
	if d.watcher == nil {
		return o
	}
	return dtls.Observers(o, d.watcher.Observer())
}

func (d *Service) openKeyLog() error {
	name := d.settings.KeyLog
	if name == "" {
		return nil
	}
	k, err := openKeyLog(name, func(err error) {
		d.tell(Line{Time: time.Now(), Level: slog.LevelError, Text: err.Error()})
	})
	if err != nil {
		return err
	}
	d.keyLog, d.config.KeyLogWriter = k, k
	d.tell(keyLogWarning(name))
	return nil
}

func (d *Service) closeKeyLog() {
	if d.keyLog != nil {
		d.keyLog.Close()
	}
}

// welcome says, the first time, how to reach a server whose credential nobody
// knows yet. That is told at every level: there is no other way to learn it.
func (d *Service) welcome(addresses []net.Addr) {
	if d.welcomed {
		return
	}
	d.welcomed = true
	if shards := d.station.shardsOfEach(); shards > 1 {
		d.inform(fmt.Sprintf("Each address is served by %d shards", shards))
	}
	d.tell(d.credentials.weaknesses()...)
	d.tell(d.credentials.expiry()...)
	speaks12 := speaksDTLS12(d.config)
	switch {
	case d.guest != nil:
		d.invite(fmt.Sprintf("No credential was given: this run has the identity '%s' with the key %s", d.guest.Identity, hex.EncodeToString(d.guest.Key)),
			pskCommands(addresses[0], *d.guest, speaks12))
	case d.settings.SelfSigned:
		d.invite("The certificate is self-signed and new; its SHA-256 fingerprint is "+fingerprint(d.credentials.certificate.Load()),
			certificateCommands(addresses[0], speaks12))
	}
}

func (d *Service) invite(credential string, commands []string) {
	what := "one of these"
	if len(commands) == 1 {
		what = "this"
	}
	lines := []string{credential, "To talk to it, paste " + what + " into another terminal:"}
	for _, c := range commands {
		lines = append(lines, "  "+c)
	}
	for _, text := range lines {
		d.journal.Tell(Line{Time: time.Now(), Level: slog.LevelInfo, Text: text})
	}
}

// tell tells everybody, a watcher included. What is secret goes to the journal
// alone.
func (d *Service) tell(lines ...Line) {
	for _, l := range lines {
		if l.Level >= d.settings.LogLevel.slog() {
			d.journal.Tell(l)
		}
		if d.watcher != nil {
			d.watcher.Tell(l.Time, publicLevel(l.Level), l.Text)
		}
	}
}

func (d *Service) inform(text string) {
	d.tell(Line{Time: time.Now(), Level: slog.LevelInfo, Text: text})
}

func (d *Service) warn(err error) { d.caution(err.Error()) }

func (d *Service) caution(text string) {
	d.tell(Line{Time: time.Now(), Level: slog.LevelWarn, Text: text})
}
