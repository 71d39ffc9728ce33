package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dtlsd/dtlsd/internal/console"
	"github.com/dtlsd/dtlsd/internal/daemon"
)

// watchFromConsole returns what opens a console for a server, or nil if none is
// wanted.
func watchFromConsole(s *daemon.ServeSettings) (daemon.Watch, error) {
	if s.Console == daemon.ConsoleOff {
		return nil, nil
	}
	settings, err := consoleSettings(s)
	if err != nil {
		return nil, err
	}
	if err := settings.Validate(); err != nil {
		return nil, asUsage(err)
	}
	return func(service *daemon.Service) (daemon.Watcher, error) {
		c, err := console.New(settings, service)
		if err != nil {
			return nil, err // not a nil pointer that looks like a console
		}
		return c, nil
	}, nil
}

func consoleSettings(s *daemon.ServeSettings) (console.Settings, error) {
	settings := console.Settings{
		Address:   s.Console,
		Hosts:     s.ConsoleHosts,
		StateFile: s.ConsoleState,
		Version:   version(),
		Payloads:  console.Payloads(s.ConsolePayloads),
		Captures:  s.ConsoleCaptures,
		Profiles:  s.ConsoleProfiles,
	}
	if settings.StateFile == "" {
		settings.StateFile = stateFile()
	}
	if s.ConsoleCert == "" {
		return settings, nil
	}
	certificate, err := tls.LoadX509KeyPair(s.ConsoleCert, s.ConsoleKey)
	if err != nil {
		return settings, &daemon.Fault{
			Err:   fmt.Errorf("--console-cert and --console-key: %w", err),
			Hint:  "both are PEM files, and the key is that of the certificate",
			Usage: true,
		}
	}
	settings.Certificate = &certificate
	return settings, nil
}

// stateFile is where the console keeps its secret: where systemd says, or where
// the XDG Base Directory Specification does. It is empty where neither helps.
func stateFile() string {
	if directory := os.Getenv("STATE_DIRECTORY"); directory != "" {
		return filepath.Join(directory, "console-secret")
	}
	directory := os.Getenv("XDG_STATE_HOME")
	if directory == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		directory = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(directory, "dtlsd", "console-secret")
}

// asUsage makes an error of the console one of the command line.
func asUsage(err error) error {
	f := &daemon.Fault{Err: fmt.Errorf("--console: %w", err), Usage: true}
	if advised, ok := err.(interface{ Hint() string }); ok {
		f.Hint = advised.Hint()
	}
	return f
}
