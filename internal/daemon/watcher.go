package daemon

import (
	"errors"
	"log/slog"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// A Watcher watches a service from its start to its end and may tell it what to
// do: a console is one.
type Watcher interface {
	// Observer hears what the server does.
	Observer() *dtls.Observer
	// SessionClosed hears of the end of a session, and its reason.
	SessionClosed(*dtls.Session, error)
	// Tell hears what the service itself says.
	Tell(at time.Time, level dtls.Level, text string)
	// URL is where a person finds it. It may hold a secret.
	URL() string
	// Warnings says what is not as it should be.
	Warnings() []string
	// Serve serves until Close, and then returns nil.
	Serve() error
	Close() error
}

// A Watch makes a watcher for a service. Without one, or if it fails, the
// service does without.
type Watch func(*Service) (Watcher, error)

// startWatching makes the watcher. What is wrong with it stops no service.
func (d *Service) startWatching(watch Watch) {
	if watch == nil {
		return
	}
	watcher, err := watch(d)
	if err != nil {
		d.caution("There is no console: " + withAdvice(err))
		return
	}
	d.watcher = watcher
}

// serveWatcher opens the doors.
func (d *Service) serveWatcher() {
	if d.watcher == nil {
		return
	}
	for _, text := range d.watcher.Warnings() {
		d.caution(text)
	}
	url := d.watcher.URL()
	d.journal.Tell(Line{Time: time.Now(), Level: slog.LevelInfo, Text: "The console is at " + url,
		Attrs: []slog.Attr{slog.String("kind", "console"), slog.String("url", url)}})
	go func() {
		if err := d.watcher.Serve(); err != nil {
			d.caution("The console is gone: " + err.Error())
		}
	}()
}

func (d *Service) stopWatching() {
	if d.watcher != nil {
		d.watcher.Close()
	}
}

// withAdvice returns the text of an error and its hint, if it has one, for where
// there is one line.
func withAdvice(err error) string {
	var advised interface{ Hint() string }
	if !errors.As(err, &advised) || advised.Hint() == "" {
		return err.Error()
	}
	return err.Error() + " (" + advised.Hint() + ")"
}

// publicLevel is a level in the terms of package dtls.
func publicLevel(l slog.Level) dtls.Level {
	switch {
	case l >= slog.LevelError:
		return dtls.Error
	case l >= slog.LevelWarn:
		return dtls.Warning
	}
	return dtls.Info
}
