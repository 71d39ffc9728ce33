package console

import "crypto/tls"

// Payloads says how much of datagrams the page may show.
type Payloads string

// The values.
const (
	PayloadsFull Payloads = "full" // ciphertext and plaintext
	PayloadsMeta Payloads = "meta" // sizes only
)

// Settings are what a console is told once.
type Settings struct {
	Address     string           // host and port to listen on
	Hosts       []string         // names that browsers may call it by, besides the address itself
	Certificate *tls.Certificate // needed on any address but loopback; nil for plain HTTP
	StateFile   string           // where the secret outlives a restart; empty for a new one each time
	Version     string           // of the program, for the page

	Payloads Payloads
	Captures bool // record packets and secrets, for download
	Profiles bool // serve /debug/pprof/
}
