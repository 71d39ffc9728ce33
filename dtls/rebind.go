package dtls

import (
	"errors"
	"net"
	"time"

	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// ErrNoConnectionID is returned by Conn.Rebind for a connection whose server did
// not give us a connection ID: from another address it would not know us.
var ErrNoConnectionID = errors.New("dtls: the server gave no connection ID")

// errAccepted is for connections whose socket is not theirs.
var errAccepted = errors.New("dtls: the connection was accepted by a listener, and shares its socket")

// farewell is how long the old socket of a connection is read after a rebind:
// what was on its way arrives, and the server may ask there whether we have
// moved.
const farewell = 3 * time.Second

// Rebind moves a client's connection to another socket, which belongs to it from
// then on. conn must be connected to the server, as that of [Client]. The session
// goes on, without a new handshake: the server finds it by the connection ID that
// it gave us, and follows with the next datagram that we send.
//
// It waits for the end of the handshake. The error is [ErrNoConnectionID] if
// connection IDs were not negotiated: see Config.ConnectionIDs. Whatever the
// error, the connection keeps its socket, and conn is left alone.
func (c *Conn) Rebind(conn net.Conn) error {
	switch {
	case conn == nil:
		return errNoSocket
	case c.dialled == nil:
		return errAccepted
	}
	if err := c.Handshake(); err != nil {
		return err
	}
	if len(c.ConnectionState().PeerConnectionID) == 0 {
		return ErrNoConnectionID
	}
	sh := c.dialled.shard
	socket := udp.NewConnected(conn, c.session.Load().peer())
	if err := socket.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	done := make(chan struct{})
	if !sh.post(func() {
		sh.rebind(socket)
		close(done)
	}) {
		return c.closeReason()
	}
	select {
	case <-done:
		return nil
	case <-sh.done:
		return c.closeReason()
	}
}

// rebind takes another socket.
func (s *shard) rebind(socket udp.Socket) {
	s.flush()
	old := s.socket
	s.inbox.mu.Lock()
	s.socket = socket
	s.inbox.mu.Unlock()
	s.armed = time.Time{}
	s.forgetOld()
	s.oldSocket = old
	old.SetReadDeadline(time.Now().Add(farewell))
	go s.readOld(old)
}

// readOld reads what still comes to the socket that a shard had before.
func (s *shard) readOld(old udp.Socket) {
	defer old.Close()
	for !isClosed(s.done) {
		batch, err := old.ReadBatch()
		if err != nil {
			return
		}
		s.receiveLate(batch)
	}
}

// forgetOld ends the reading of the socket that the shard had before.
func (s *shard) forgetOld() {
	if s.oldSocket != nil {
		s.oldSocket.SetReadDeadline(time.Unix(1, 0))
		s.oldSocket = nil
	}
}

// receiveLate has the shard take datagrams from the socket that it had before,
// and waits for that.
func (s *shard) receiveLate(batch []udp.Message) {
	done := make(chan struct{})
	if !s.post(func() {
		s.arrival.late = true
		s.receiveBatch(batch)
		s.arrival.late = false
		close(done)
	}) {
		return
	}
	select {
	case <-done:
	case <-s.done:
	}
}

// sendDrop answers a path_challenge that came in by the socket that the shard
// had before: we have moved.
//
// RFC 9853, Section 5.2: "If the path through which the message was received is
// no longer preferred, a return_routability_check message of type path_drop MUST
// be returned."
func (s *shard) sendDrop(sess *Session) {
	if s.oldSocket == nil {
		return
	}
	m := wire.ReturnRoutabilityCheck{Type: wire.RRCPathDrop, Cookie: s.arrival.cookie}
	datagram, err := sess.assoc.AppendRoutabilityCheck(nil, m)
	if err != nil {
		return
	}
	s.observePacket(sess, true, s.arrival.from, datagram)
	s.counters.datagramsOut.Add(1)
	s.counters.bytesOut.Add(uint64(len(datagram)))
	if _, err := s.oldSocket.WriteBatch([]udp.Message{{Buf: datagram, Peer: s.arrival.from.peer, Local: s.arrival.from.local}}); err != nil {
		s.writeError(s.arrival.from.peer, err)
	}
}
