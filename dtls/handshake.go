package dtls

import (
	"context"
	"time"

	"github.com/dtlsd/dtlsd/internal/trust"
)

// A handshake is what a session needs until it is established.
type handshake struct {
	profile *profile
	begun   time.Time
	ctx     context.Context // of the look-ups; nil if there was none yet
	cancel  context.CancelFunc
	expires time.Time // for as long as there is no association

	held  time.Time // until then, its flight is not repeated
	holds int       // how often that was put off

	disturbed bool // the last hello that began at its address was another one

	questions  int    // that were asked and are not answered
	cid        []byte // that we gave to the peer
	received   bool   // a datagram came, and the log has no line about it yet
	progressed bool   // the log has had such a line
	identity   []byte // the PSK identity that the client presented
	known      bool   // there is a key for it
	asked      bool   // a client's key was asked for
	verified   *trust.Peer
	refused    error // by VerifyConnection
}

// context returns the context of look-ups, which ends with the handshake.
func (h *handshake) context(base context.Context) context.Context {
	if h.ctx == nil {
		h.ctx, h.cancel = context.WithCancel(base)
	}
	return h.ctx
}

// end ends the look-ups.
func (h *handshake) end() {
	if h.cancel != nil {
		h.cancel()
	}
}
