package console

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	headerTimeout = 10 * time.Second // for the header of a request to arrive
	requestTime   = 30 * time.Second // for a whole request to arrive
	answerTime    = 2 * time.Minute  // for an answer to be taken; event streams have their own
	idleTimeout   = 2 * time.Minute  // of a connection between requests
	maxHeader     = 64 << 10
	// closeTime bounds how long Close waits for answers that are on their way.
	closeTime = time.Second
)

// A Console is the web page of one server. Its methods may be called from any
// goroutine.
type Console struct {
	settings Settings
	backend  Backend
	boot     string // tells this run of the program from others
	started  time.Time

	lines    *lines
	samples  *samples
	traces   *traces
	captures *captures // nil unless Settings.Captures
	closed   *closedSessions
	sessions *sessionsCache
	metrics  *metrics

	secret   secret
	warnings []string
	hosts    *hostList
	page     *page

	listener net.Listener
	server   *http.Server
	ctx      context.Context // ends with the console
	cancel   context.CancelFunc
}

// Validate says what is wrong with the settings, without opening anything.
func (s *Settings) Validate() error {
	_, err := resolve(*s)
	return err
}

// New finds what is wrong with the settings and opens the TCP listener. An
// error that has a method Hint() string says with it what to do.
func New(s Settings, b Backend) (*Console, error) {
	address, err := resolve(s)
	if err != nil {
		return nil, err
	}
	files, err := newPage()
	if err != nil {
		return nil, err
	}
	listener, err := openListener(address)
	if err != nil {
		return nil, err
	}
	c := &Console{
		settings: s,
		backend:  b,
		boot:     rand.Text(),
		started:  time.Now(),
		lines:    newLines(s.Payloads),
		samples:  newSamples(),
		traces:   newTraces(),
		closed:   newClosedSessions(),
		sessions: newSessionsCache(b.Sessions),
		metrics:  newMetrics(s.Version, b.Stats),
		hosts:    newHostList(listener.Addr().(*net.TCPAddr), s),
		page:     files,
		listener: listener,
	}
	if s.Captures {
		c.captures = newCaptures()
	}
	c.secret, c.warnings = loadSecret(s.StateFile)
	if s.Captures {
		c.warnings = append(c.warnings, "the console records the packets of sessions with the secrets that decrypt them: whoever can open it can read everything")
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.server = c.newServer()
	return c, nil
}

func (c *Console) newServer() *http.Server {
	s := &http.Server{
		Handler:           c.handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          c.faultLog(),
		BaseContext:       func(net.Listener) context.Context { return c.ctx },
	}
	if c.settings.Certificate != nil {
		s.TLSConfig = &tls.Config{
			Certificates: []tls.Certificate{*c.settings.Certificate},
			MinVersion:   tls.VersionTLS12,
		}
	}
	return s
}

// URL returns the link for a person to open. Its fragment lets whoever has it
// in, and browsers send fragments to nobody.
func (c *Console) URL() string {
	scheme := "http"
	if c.settings.Certificate != nil {
		scheme = "https"
	}
	return scheme + "://" + c.hosts.link + "/#token=" + c.secret.token()
}

// Warnings returns what a person should know: why the secret is not the one of
// the last run, or will not be that of the next, and that packets are recorded.
func (c *Console) Warnings() []string { return c.warnings }

// Tell adds a line of the daemon's own.
func (c *Console) Tell(at time.Time, level dtls.Level, text string) {
	c.lines.tell(at, level, text)
}

// Serve answers requests until Close, when it returns nil.
func (c *Console) Serve() error {
	ctx, stop := context.WithCancel(c.ctx)
	var sampling sync.WaitGroup
	sampling.Go(func() { c.samples.run(ctx, c.backend.Stats) })
	defer sampling.Wait()
	defer stop()
	var err error
	if c.server.TLSConfig != nil {
		err = c.server.ServeTLS(c.listener, "", "")
	} else {
		err = c.server.Serve(c.listener)
	}
	if errors.Is(err, http.ErrServerClosed) || c.ctx.Err() != nil {
		return nil
	}
	return err
}

// Close ends the console. Event streams end at once; other answers get a moment
// to arrive.
func (c *Console) Close() error {
	c.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
	c.listener.Close() // the server's only once it serves
	return nil
}
