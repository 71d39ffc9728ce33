package daemon

import (
	"context"
	"errors"

	"github.com/dtlsd/dtlsd/dtls"
)

// What a watcher can ask of a service and have it do. All of it may be called
// from any goroutine, while the service runs.

// Listening returns the addresses and ports of the open sockets, and whether new
// sessions may begin.
func (d *Service) Listening() (addresses []string, accepting bool) { return d.station.listening() }

// Listen starts to listen on addresses and ports. Where it does so already it
// goes on; otherwise every peer is told goodbye first. Its errors have a method
// Hint, which says what to do.
func (d *Service) Listen(ctx context.Context, addresses []string) error {
	if len(addresses) == 0 {
		return advised{&Fault{Err: errors.New("there is no address to listen on"), Hint: "choose one"}}
	}
	where, err := places(addresses)
	if err != nil {
		return advise(err)
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	return advise(d.station.listen(ctx, where))
}

// StopListening refuses new sessions; those there are live on.
func (d *Service) StopListening() { d.station.stopAccepting() }

// Disconnect says goodbye to every peer, closes the sockets and returns how many
// peers were told.
func (d *Service) Disconnect(ctx context.Context) (told int, err error) {
	ctx, cancel := patient(ctx)
	defer cancel()
	told, err = d.station.disconnect(ctx)
	d.inform("Server has stopped listening")
	return told, err
}

// Tell says something in the log.
func (d *Service) Tell(text string) { d.inform(text) }

// patient is for goodbyes: who asked for them may go away meanwhile.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
}

// Sessions describes the sessions there are, in no order.
func (d *Service) Sessions() []dtls.SessionInfo { return d.station.server.Sessions() }

// Session returns a session by its ID, or nil.
func (d *Service) Session(id uint64) *dtls.Session { return d.station.server.Session(id) }

// Stats returns what happened so far.
func (d *Service) Stats() dtls.Stats { return d.station.server.Stats() }

// An advised error is a fault for those who do not know the type.
type advised struct{ *Fault }

// Hint says what to do, if that is known.
func (e advised) Hint() string { return e.Fault.Hint }

func advise(err error) error {
	var f *Fault
	if errors.As(err, &f) {
		return advised{f}
	}
	return err
}
