package console

import (
	"context"

	"github.com/dtlsd/dtlsd/dtls"
)

// A Backend is a DTLS server that can be watched and told to listen. Its
// methods may be called from any goroutine.
type Backend interface {
	// Listening returns the addresses and ports of the open sockets, and
	// whether new sessions may begin.
	Listening() (addresses []string, accepting bool)
	// Listen starts to listen on addresses and ports. Where it does so already
	// it goes on; otherwise every peer is told goodbye first. An error that has
	// a method Hint() string says with it what to do.
	Listen(ctx context.Context, addresses []string) error
	// StopListening refuses new sessions; those there are live on.
	StopListening()
	// Disconnect says goodbye to every peer, closes the sockets and returns how
	// many peers were told.
	Disconnect(ctx context.Context) (told int, err error)

	// Sessions describes the sessions there are, in no order.
	Sessions() []dtls.SessionInfo
	// Session returns a session by its ID, or nil.
	Session(id uint64) *dtls.Session
	// Tell says something in the log of the server, the console's included.
	Tell(text string)
	// Stats returns what happened so far.
	Stats() dtls.Stats
}
