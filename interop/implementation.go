package interop

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
)

// A Role is the side that an implementation takes.
type Role uint8

const (
	// Client starts the handshake.
	Client Role = iota
	// Server answers it.
	Server
)

// String returns the name used in the table of results.
func (r Role) String() string { return [...]string{"client", "server"}[r] }

// ErrNotOffered is returned where an implementation has no way to do what is asked.
var ErrNotOffered = errors.New("the program has no option for this")

// An Implementation can be started as the client or the server of a Scenario.
type Implementation interface {
	Name() string
	// Suites are those that it can take part in, with its own names for them.
	Suites(Role) suiteTable
	// Authenticates reports whether it can prove itself, and verify the other end, in this way.
	Authenticates(Role, Authentication) bool
	// Serve starts a server and returns once it can be reached.
	Serve(*Scenario) (Listener, error)
	// Connect starts a client and returns at once, unless it has to connect twice.
	Connect(*Scenario, netip.AddrPort) (End, error)
}

// A Fact is something that a program tells about its connection.
type Fact uint8

const (
	// SuiteName is the program's own name of the suite. It is told after the handshake only.
	SuiteName Fact = iota
	// GroupName is X25519, P-256, P-384 or X25519MLKEM768 in the program's own spelling.
	GroupName
	// Protocol is what ALPN chose.
	Protocol
	// ProfileName is the protection profile that use_srtp chose, in the program's own spelling.
	ProfileName
	// ClientName is the subject of the client's certificate, as the server verified it.
	ClientName
	// Resumed is anything that tells of an abbreviated handshake.
	Resumed
	// Retried is anything that tells of a HelloRetryRequest.
	Retried
	// NewKeys is anything that tells that the keys for what the program sends are others than before.
	NewKeys
	// PeersNewKeys is the same for what it receives.
	PeersNewKeys
	// Goodbye is anything that tells of the other end's close_notify.
	Goodbye
	// Refusal is anything that tells why there is no connection.
	Refusal
)

// String returns the words for it in an error.
func (f Fact) String() string {
	return [...]string{"suite", "group", "protocol", "SRTP profile", "client certificate", "resumption",
		"second hello", "new keys", "peer's new keys", "goodbye", "refusal"}[f]
}

// An End is one running end of a connection. Its methods wait, for a bounded time, until the program itself shows
// what they ask for; an error says what it showed instead.
type End interface {
	// Report returns what the program tells about its connection: ErrNotOffered if it never tells that.
	Report(Fact) (string, error)
	// Suite returns the suite that the program reports after its handshake.
	Suite() (Suite, error)
	// Send makes the program send text as one datagram.
	Send(text string) error
	// WantText waits until the program shows that it received text.
	WantText(text string) error
	// Close makes the program say goodbye, if it knows how to.
	Close() error
	// Output is everything that the program said so far.
	Output() string
	// Stop ends the program. It may be called twice.
	Stop()
}

// A Listener is an End that waits for a client.
type Listener interface {
	End
	// Addr is where it can be reached.
	Addr() netip.AddrPort
	// Echoes reports whether it returns each datagram to the sender, and so cannot be made to send another.
	Echoes() bool
}

// A program sends each line of its input, says goodbye at the end of the input, and prints what happens. It is a
// Process or an inProcess.
type program interface {
	Want(what, pattern string) ([]string, error)
	WriteLine(line string) error
	CloseInput() error
	Output() string
	Stop()
}

// A programEnd makes an End of a program by the patterns of what it prints.
type programEnd struct {
	program
	suites   suiteTable
	reports  map[Fact]string // regular expressions for what it prints; the first group, if any, is what it tells
	received string          // a regular expression for what stands before a text that was received
}

// Report implements End.
func (e *programEnd) Report(f Fact) (string, error) {
	pattern, tells := e.reports[f]
	if !tells {
		return "", fmt.Errorf("%v: %w", f, ErrNotOffered)
	}
	groups, err := e.Want(f.String(), pattern)
	if err != nil {
		return "", err
	}
	return groups[len(groups)-1], nil
}

// Suite implements End.
func (e *programEnd) Suite() (Suite, error) {
	name, err := e.Report(SuiteName)
	if err != nil {
		return 0, err
	}
	return e.suites.byName(name)
}

// Send implements End.
func (e *programEnd) Send(text string) error { return e.WriteLine(text) }

// WantText implements End.
func (e *programEnd) WantText(text string) error {
	_, err := e.Want("received text", e.received+regexp.QuoteMeta(text))
	return err
}

// Close implements End.
func (e *programEnd) Close() error { return e.CloseInput() }

// A programListener is a program that serves.
type programListener struct {
	programEnd
	address netip.AddrPort
	echoes  bool
}

// Addr implements Listener.
func (l *programListener) Addr() netip.AddrPort { return l.address }

// Echoes implements Listener.
func (l *programListener) Echoes() bool { return l.echoes }
