package console

import (
	"net/http"
	"net/netip"
	"time"
)

// Status is what the server does at the moment, and what this console is.
type Status struct {
	Boot      string       `json:"boot"` // differs after each start of the program
	Version   string       `json:"version"`
	Started   time.Time    `json:"started"`
	Now       time.Time    `json:"now"`
	Listening []string     `json:"listening"`
	Accepting bool         `json:"accepting"`
	Addresses []netip.Addr `json:"addresses"` // of this machine
	Sessions  int          `json:"sessions"`
	HalfOpen  int          `json:"half_open"`
	Shards    int          `json:"shards"` // of all addresses
	Captures  bool         `json:"captures"`
	Payloads  Payloads     `json:"payloads"`
}

func (c *Console) status() Status {
	addresses, accepting := c.backend.Listening()
	if addresses == nil {
		addresses = []string{} // a list in JSON, if an empty one
	}
	stats := c.backend.Stats()
	return Status{
		Boot:      c.boot,
		Version:   c.settings.Version,
		Started:   c.started.UTC(),
		Now:       time.Now().UTC(),
		Listening: addresses,
		Accepting: accepting,
		Addresses: machineAddresses(),
		Sessions:  stats.Sessions,
		HalfOpen:  stats.HalfOpen,
		Shards:    stats.Shards,
		Captures:  c.settings.Captures,
		Payloads:  c.settings.Payloads,
	}
}

func (c *Console) serveStatus(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, c.status())
}
