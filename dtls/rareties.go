package dtls

import (
	"context"
	"sync/atomic"

	"github.com/dtlsd/dtlsd/internal/trust"
)

// rareties are what few sessions have, or only those that are over.
type rareties struct {
	moved    atomic.Pointer[route] // where the peer is now; nil if it is where it was
	data     atomic.Pointer[any]   // of the user's
	context  atomic.Pointer[sessionContext]
	reason   atomic.Pointer[error] // why the session ended
	verified *trust.Peer           // nil without a certificate; set before anybody sees the session
	packed   []byte                // what the slab has no place for, while the session sleeps
	profile  *profile              // of the session, if it is not that of the host
	last     *glimpse              // of a session that is over
}

// A sessionContext is the context of a session for those who asked for it.
type sessionContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// rarely returns the rareties of a session, which it has from then on.
func (s *Session) rarely() *rareties {
	if rare := s.rare.Load(); rare != nil {
		return rare
	}
	s.rare.CompareAndSwap(nil, &rareties{})
	return s.rare.Load()
}

// verified returns what is known of the peer's certificate or raw public key, or
// nil.
func (s *Session) verified() *trust.Peer {
	if rare := s.rare.Load(); rare != nil {
		return rare.verified
	}
	return nil
}

// SetUserData attaches data of the user's to the session.
func (s *Session) SetUserData(data any) { s.rarely().data.Store(&data) }

// UserData returns what SetUserData attached last, or nil.
func (s *Session) UserData() any {
	rare := s.rare.Load()
	if rare == nil {
		return nil
	}
	if data := rare.data.Load(); data != nil {
		return *data
	}
	return nil
}

// Context returns a context that ends with the session. Its cause is then why
// the session ended.
func (s *Session) Context() context.Context {
	rare := s.rarely()
	c := rare.context.Load()
	if c == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		rare.context.CompareAndSwap(nil, &sessionContext{ctx, cancel})
		c = rare.context.Load()
	}
	// The session may have ended meanwhile, with nobody to tell.
	if reason := rare.reason.Load(); reason != nil {
		c.cancel(*reason)
	}
	return c.Context
}

// endContext ends the session's context, if somebody asked for it, and any that
// is asked for later.
func (s *Session) endContext(reason error) {
	rare := s.rarely()
	rare.reason.Store(&reason)
	if c := rare.context.Load(); c != nil {
		c.cancel(reason)
	}
}
