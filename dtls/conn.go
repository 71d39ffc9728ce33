package dtls

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A Conn is a session as a [net.Conn]. Like UDP it keeps the bounds of
// datagrams, and may lose them: each Write sends one, each Read returns one.
//
// Its methods may be called from any goroutine, but not from the hooks of an
// [Observer] or from Config.VerifyConnection.
type Conn struct {
	dialled *dialled // nil of an accepted connection
	local   net.Addr
	remote  net.Addr

	session   atomic.Pointer[Session] // nil until the handshake is complete
	suspicion atomic.Pointer[error]   // what probably goes wrong in the handshake
	queue     *readQueue
	readBy    deadline
	writeBy   deadline
	closing   atomic.Bool

	ready     chan struct{} // closed when the handshake is over
	handshake error         // why it failed; set before ready is closed
	over      chan struct{} // closed when the session is over
	reason    error         // why it is; set before over is closed
	endOnce   sync.Once
}

func newConn(config *Config, local, remote net.Addr) *Conn {
	return &Conn{
		local:  local,
		remote: remote,
		queue:  newReadQueue(or(config.ReadQueue, DefaultReadQueue)),
		ready:  make(chan struct{}),
		over:   make(chan struct{}),
	}
}

// LocalAddr returns our address and port, of the socket that the connection has
// now.
func (c *Conn) LocalAddr() net.Addr {
	if c.dialled != nil {
		return c.dialled.shard.localAddr()
	}
	return c.local
}

// RemoteAddr returns the address and port of the peer. With a connection ID they
// may change.
func (c *Conn) RemoteAddr() net.Addr {
	if sess := c.session.Load(); sess != nil && sess.movedTo() != nil {
		return net.UDPAddrFromAddrPort(sess.peer())
	}
	return c.remote
}

// Handshake completes the handshake, if it is not complete yet.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// HandshakeContext completes the handshake, if it is not complete yet. Read
// and Write do so by themselves. If ctx ends first, the connection is closed;
// the error matches that of ctx, and [ErrWrongKey] if that is why it took so
// long.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	if c.dialled != nil {
		c.dialled.start(ctx)
	}
	select {
	case <-c.ready:
		return c.handshake
	case <-ctx.Done():
		c.Close()
		return c.impatient(fmt.Errorf("dtls: handshake with %v: %w", c.remote, ctx.Err()))
	}
}

// await waits for the end of the handshake, until a deadline.
func (c *Conn) await(d *deadline) error {
	if c.dialled != nil {
		c.dialled.start(context.Background())
	}
	expired := d.wait()
	if isClosed(expired) {
		return c.impatient(os.ErrDeadlineExceeded)
	}
	select {
	case <-c.ready:
		return c.handshake
	case <-expired:
		return c.impatient(os.ErrDeadlineExceeded)
	}
}

// impatient returns the error of somebody who waits no longer for the
// handshake: err, and what probably goes wrong.
func (c *Conn) impatient(err error) error {
	suspicion := c.suspicion.Load()
	if suspicion == nil || c.session.Load() != nil {
		return err
	}
	return &impatienceError{err, *suspicion}
}

// Read reads one datagram into b. If it is longer than b, the rest is lost and
// the error [io.ErrShortBuffer]. After a close_notify of the peer, and all
// that came before it, the error is [io.EOF].
func (c *Conn) Read(b []byte) (int, error) {
	if err := c.await(&c.readBy); err != nil {
		return 0, err
	}
	n, err := c.queue.take(b, &c.readBy)
	if n > len(b) {
		return len(b), io.ErrShortBuffer
	}
	return n, err
}

// Write sends b as one datagram. It waits if more is being written than
// leaves the machine. The error is [ErrMessageTooLarge] if b does not fit into
// a datagram; see MaxPayload.
//
// An empty b is sent as an empty record, which receivers of DTLS discard, ours
// included: nobody reads an empty datagram.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.await(&c.writeBy); err != nil {
		return 0, err
	}
	sess := c.session.Load()
	for {
		expired := c.writeBy.wait()
		if isClosed(expired) {
			return 0, os.ErrDeadlineExceeded
		}
		switch err := sess.trySend(b); err {
		case nil:
			return len(b), nil
		case ErrQueueFull:
		case ErrSessionClosed:
			if c.ending() {
				return len(b), nil // lost on its way, as others are
			}
			return 0, c.closeReason()
		default:
			return 0, err
		}
		select {
		case <-sess.shard.inbox.waitForRoom():
		case <-expired:
		}
	}
}

// ending reports whether the session is over, and nobody was told why as yet.
func (c *Conn) ending() bool { return !c.closing.Load() && !isClosed(c.over) }

// closeReason returns why the connection takes nothing any more.
func (c *Conn) closeReason() error {
	if isClosed(c.over) {
		return c.reason
	}
	return ErrSessionClosed
}

// Close says goodbye to the peer, after everything that was written, and
// closes the connection. It does not wait for an answer. What was not read yet
// is gone.
func (c *Conn) Close() error {
	if c.closing.Swap(true) {
		return nil
	}
	c.queue.close(ErrSessionClosed)
	c.queue.discard()
	if c.dialled != nil {
		c.dialled.close()
		return nil
	}
	sess := c.session.Load()
	sess.Close()
	sess.shard.wait()
	return nil
}

// SetDeadline sets the deadlines of Read and Write.
func (c *Conn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

// SetReadDeadline sets the time after which Read fails with
// [os.ErrDeadlineExceeded]. The zero time is none.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

// SetWriteDeadline sets the time after which Write fails with
// [os.ErrDeadlineExceeded]. The zero time is none.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return nil
}

// ConnectionState returns what was negotiated, or the zero value as long as
// the handshake is not complete.
func (c *Conn) ConnectionState() ConnectionState {
	if sess := c.session.Load(); sess != nil {
		return sess.ConnectionState()
	}
	return ConnectionState{}
}

// MaxPayload returns how many bytes Write takes, or 0 as long as the handshake
// is not complete. The path may carry less: see [Session.MaxPayload].
func (c *Conn) MaxPayload() int {
	if sess := c.session.Load(); sess != nil {
		return sess.MaxPayload()
	}
	return 0
}

// The rest is called on the shard.

// open lets readers and writers begin.
func (c *Conn) open(sess *Session) {
	c.session.Store(sess)
	close(c.ready)
}

// end ends everything that waits.
func (c *Conn) end(reason error) {
	c.endOnce.Do(func() {
		if c.session.Load() == nil {
			c.handshake = reason
			close(c.ready)
		}
		c.reason = reason
		close(c.over)
		if reason == ErrPeerClosed {
			c.queue.close(io.EOF)
		} else {
			c.queue.close(reason)
		}
	})
}
