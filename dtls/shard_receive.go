package dtls

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/udp"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// receiveBatch takes datagrams off the socket.
func (s *shard) receiveBatch(batch []udp.Message) {
	if len(batch) == 0 {
		return
	}
	s.fetch(batch)
	bytes := 0
	for i := range batch {
		bytes += len(batch[i].Buf)
		s.receive(&batch[i])
	}
	s.receiveLateHellos()
	s.counters.datagramsIn.Add(uint64(len(batch)))
	s.counters.bytesIn.Add(uint64(bytes))
}

func (s *shard) receive(m *udp.Message) {
	switch {
	case len(m.Buf) == 0:
		s.drop(m.Peer, wire.DropEmptyDatagram)
		s.logEmpty(m.Peer)
	case m.Truncated:
		s.drop(m.Peer, wire.DropTruncatedDatagram)
	default:
		s.dispatch(m.Buf, route{m.Peer, m.Local})
	}
}

// dispatch hands a datagram to whom it is for.
func (s *shard) dispatch(datagram []byte, from route) {
	if cid, ok := gate.CID(datagram, s.cids.length); ok {
		if sess := s.table.getCID(cid); sess != nil {
			s.receiveByCID(sess, datagram, from)
			return
		}
		if owner := s.group.ownerOf(cid); owner != s {
			s.handOver(owner, datagram, from)
			return
		}
	}
	sess := s.table.get(from.peer)
	switch {
	case sess == nil && s.gate != nil && gate.CanWait(datagram):
		s.late = append(s.late, lateHello{datagram, from})
	case sess == nil:
		s.receiveStranger(datagram, from)
	case s.gate != nil && gate.IsClientHello(datagram):
		s.receiveHello(sess, datagram, from)
	case sess.contender() != nil:
		s.receiveContested(sess, datagram, from)
	default:
		s.receiveFor(sess, datagram, from)
	}
}

// receiveFor hands a datagram to a session.
func (s *shard) receiveFor(sess *Session, datagram []byte, from route) {
	slept := sess.live == nil
	s.wake(sess)
	if sess.hs != nil {
		sess.hs.received = true
	}
	if sess.assoc == nil {
		// The configuration for this client is still to come. It will repeat
		// what it has said.
		s.stray(sess, wire.DropUnexpectedMessage)
		return
	}
	s.observePacket(sess, false, from, datagram)
	if s.watched {
		s.observed = append(s.observed[:0], datagram...)
	}
	s.strays = 0
	s.arrival.begin(sess, from, len(datagram))
	if slept {
		sess.assoc.Timeout(s.now) // it may have to forget something first
	}
	sess.assoc.Receive(s.now, datagram)
	s.drain(sess)
	s.follow(sess, from, len(datagram))
	if slept && s.idle(sess) > 0 {
		s.sleep(sess) // it was a forgery, perhaps one of many
	}
}

// receiveStranger takes a datagram from an address without a session, or one
// that asks for a new session.
func (s *shard) receiveStranger(datagram []byte, from route) {
	if s.gate == nil {
		s.drop(from.peer, wire.DropUnknownPeer)
		return
	}
	if !s.accepts() && gate.IsClientHello(datagram) {
		s.drop(from.peer, wire.DropNotListening)
		return
	}
	verdict, reply := s.gate.Receive(s.now, from.peer, datagram, s.out.room(max(len(datagram), gate.MaxReply)))
	switch verdict.Action {
	case gate.Admit:
		// The hello may have come behind something else.
		if !s.accepts() {
			s.drop(from.peer, wire.DropNotListening)
			return
		}
		s.sample.answered(from.peer)
		s.admit(verdict, from, datagram)
		return
	case gate.Reply:
		s.counters.cookies.Add(1)
		if isRetryRequest(reply) {
			s.counters.retries.Add(1)
		}
		s.observeChallenge(from.peer, datagram, reply)
		s.queue(reply, from)
		s.holdFlight(from.peer)
	case gate.Refuse:
		s.observeRefusal(from.peer, datagram, &verdict)
		s.drop(from.peer, verdict.Drop)
		s.queue(reply, from)
		s.logRefused(from.peer, verdict.Err)
		return
	case gate.Keep:
		s.counters.fragments.Add(1)
	case gate.Drop:
		s.drop(from.peer, verdict.Drop)
	}
	// A protected record is mostly the late goodbye of a session that is over.
	if !isProtected(datagram) {
		s.logUnverified(from.peer)
	}
}

// holdFlight lets a handshake in progress wait with repeating its flight, as
// a new one may be about to begin from the same address. In DTLS 1.2 nothing
// in a ServerHello tells which ClientHello it answers: the client would take
// the old one for the answer to the hello that it sends now. That hello may be
// forged, so that a handshake waits a few times only.
func (s *shard) holdFlight(peer netip.AddrPort) {
	if sess := s.table.get(peer); sess != nil && !sess.established() && sess.hs.holds < maxHolds {
		sess.hs.holds++
		sess.hs.held = s.now.Add(flightHold)
	}
}

const (
	// flightHold is how long a flight is held: as long as a client waits for
	// an answer before it repeats its hello.
	flightHold = time.Second
	maxHolds   = 3
)

// receiveHello takes a ClientHello in plaintext from an address that has a
// session. Either it is the hello that the session began with, again, or the
// client has lost its state and begins anew.
//
// Fragments that do not tell go where the first one of their hello went.
//
// RFC 6347, Section 4.2.8: the client has to prove that it is there, and the
// session lives on until the new handshake is complete.
func (s *shard) receiveHello(sess *Session, datagram []byte, from route) {
	beginner := sess.beginner()
	random, ok := helloRandom(datagram)
	switch {
	case !ok && beginner != nil && !beginner.hs.disturbed:
		s.receiveFor(beginner, datagram, from)
		return
	case ok:
		hash := s.hash(random)
		for _, known := range []*Session{sess, sess.contender()} {
			if known != nil && s.helloHashOf(known) == hash {
				if !known.established() {
					known.hs.disturbed = false
				}
				s.receiveFor(known, datagram, from)
				return
			}
		}
		if beginner != nil {
			beginner.hs.disturbed = true
		}
	}
	s.receiveStranger(datagram, from)
}

// beginner returns the one of a session and its rival that is in its handshake,
// or nil.
func (s *Session) beginner() *Session {
	switch {
	case s.contender() != nil:
		return s.rival
	case !s.established():
		return s
	}
	return nil
}

// helloRandom returns the random of a ClientHello whose message, or first
// fragment, a datagram begins with.
func helloRandom(datagram []byte) ([]byte, bool) {
	record, _, err := wire.ParseRecord(datagram)
	if err != nil {
		return nil, false
	}
	f, _, err := wire.ParseFragment(record.Payload)
	if err != nil || f.Offset != 0 {
		return nil, false
	}
	return randomOf(f.Body)
}

// randomOf returns the random in the body of a ClientHello, which comes after
// the version.
func randomOf(hello []byte) ([]byte, bool) {
	if len(hello) < 2+32 {
		return nil, false
	}
	return hello[2 : 2+32], true
}

func (s *shard) hash(random []byte) uint64 { return maphash.Bytes(s.host.seed, random) }

// receiveContested takes a datagram from an address where one session tries
// to take the place of another. The new one is asked first. Unless it was for
// the new one without doubt, the old one is asked as well: the new one may
// only have kept a record for the time when it has keys.
func (s *shard) receiveContested(sess *Session, datagram []byte, from route) {
	s.copied = append(s.copied[:0], datagram...) // opening it may destroy it
	s.strays, s.muted = 0, true
	s.receiveFor(sess.rival, s.copied, from)
	s.muted = false
	taken := s.strays == 0
	if sess.ended || taken && isPlaintext(datagram) {
		return
	}
	s.muted = taken
	s.receiveFor(sess, datagram, from)
	s.muted = false
}

// isProtected reports whether a datagram begins with a protected record, of
// whatever form.
func isProtected(datagram []byte) bool {
	switch wire.RecordKindOf(datagram[0]) {
	case wire.RecordCID, wire.RecordUnified:
		return true
	}
	record, _, err := wire.ParseRecord(datagram)
	return err == nil && record.Epoch > 0
}

// isPlaintext reports whether a datagram begins with a record in plaintext.
func isPlaintext(datagram []byte) bool {
	record, _, err := wire.ParseRecord(datagram)
	return err == nil && record.Epoch == 0 && wire.RecordKindOf(datagram[0]) == wire.RecordPlaintext
}

// isRetryRequest tells what asks for a cookie in DTLS 1.3 from what does so in
// DTLS 1.2.
func isRetryRequest(reply []byte) bool {
	record, _, err := wire.ParseRecord(reply)
	return err == nil && len(record.Payload) > 0 && wire.HandshakeType(record.Payload[0]) == wire.TypeServerHello
}

// admit begins a handshake with a client that the gate let in.
func (s *shard) admit(v gate.Verdict, from route, datagram []byte) {
	random, _ := randomOf(v.Hello)
	hash := s.hash(random)
	current := s.table.get(from.peer)
	if reason := s.refusal(current, hash, from.peer.Addr(), v.Proven); reason != wire.DropNone {
		s.drop(from.peer, reason)
		return
	}
	sess := s.newSession(from, hash)
	s.place(sess, current)
	s.logStarted(sess, v.Proven)
	hello := engine.Hello{
		Body:       v.Hello,
		MessageSeq: v.MessageSeq,
		RecordSeq:  v.RecordSeq,
		Verified:   v.Proven,
		Received:   len(datagram) - len(v.Rest), // which counts when it is received
		Retry:      keepRetry(v.Retry),
	}
	sess.hs.received = true
	s.observePacket(sess, false, from, datagram[:len(datagram)-len(v.Rest)])
	if s.host.config.GetConfigForClient != nil {
		hello.Body = slices.Clone(v.Hello)
		s.askForConfig(sess, hello)
		return
	}
	s.begin(sess, hello)
	if len(v.Rest) > 0 && !sess.ended {
		s.receiveFor(sess, v.Rest, from)
	}
}

// keepRetry copies what is in the gate and in the datagram: a handshake needs it
// for longer.
func keepRetry(r *gate.Retry) *engine.Retry {
	if r == nil {
		return nil
	}
	return &engine.Retry{
		Suite:     r.Suite,
		Group:     r.Group,
		Share:     r.Share,
		HelloHash: slices.Clone(r.HelloHash),
		Cookie:    slices.Clone(r.Cookie),
	}
}

// refusal returns why a handshake must not begin now, if it must not.
func (s *shard) refusal(current *Session, hash uint64, addr netip.Addr, proven bool) wire.Drop {
	h := s.host
	// Nobody pays for a hello that others may have sent in its name.
	charged := proven || h.config.Cookies == CookiesNever
	switch {
	case current != nil && s.helloHashOf(current) == hash, current != nil && current.contender() != nil && current.rival.helloHash == hash:
		return wire.DropDuplicateMessage
	case h.halfOpen.full(addr):
		return wire.DropHalfOpenLimit
	case s.full() && !s.canEvict():
		return wire.DropSessionLimit
	case charged && !h.rates.allow(s.now, addr):
		return wire.DropRateLimited
	default:
		return wire.DropNone
	}
}

// place finds a place for a new session: that of its address, or at the side
// of the established session that has it. A handshake that was in progress
// from there is over.
func (s *shard) place(sess, current *Session) {
	switch {
	case current == nil:
		s.table.put(sess)
	case !current.established():
		s.end(current, ErrReplaced)
		s.table.put(sess)
	default:
		s.wake(current)
		if current.rival != nil {
			s.end(current.rival, ErrReplaced)
		}
		current.rival = sess
		s.table.enter(sess)
	}
}

// newSession returns a session at the beginning of its handshake.
func (s *shard) newSession(to route, hash uint64) *Session {
	s.host.halfOpen.begin(to.peer.Addr())
	s.counters.started.Add(1)
	sess := &Session{
		shard: s,
		id:    s.host.lastID.Add(1),
		addr:  to.peer,
		local: internLocal(to.local),
		live:  s.dorm.takeLive(),
	}
	sess.helloHash = hash
	sess.hs = &handshake{profile: s.host.profile, begun: s.now}
	s.awake.add(sess)
	return sess
}

// begin starts a server's association.
func (s *shard) begin(sess *Session, hello engine.Hello) {
	sess.assoc = engine.NewServer(s.engineConfig(sess.hs.profile), s.ws, s.now, hello)
	s.drain(sess)
}
