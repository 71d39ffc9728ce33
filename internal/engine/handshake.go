package engine

import (
	"crypto/subtle"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A state says which message a handshake waits for.
type state uint8

const (
	awaitClientHello state = iota
	awaitServerHello
	awaitCertificate
	awaitServerKeyExchange
	awaitEncryptedExtensions
	awaitCertificateOrRequest // CertificateRequest is optional
	awaitHintOrDone           // plain PSK: ServerKeyExchange carries only a hint
	awaitRequestOrDone        // CertificateRequest is optional
	awaitServerHelloDone
	awaitClientKeyExchange
	awaitCertificateVerify
	awaitTicket
	awaitFinished
	numStates
)

var stateNames = [numStates]string{
	"await client_hello", "await server_hello", "await certificate", "await server_key_exchange",
	"await encrypted_extensions", "await certificate_request or certificate",
	"await server_key_exchange or server_hello_done", "await certificate_request or server_hello_done",
	"await server_hello_done", "await client_key_exchange", "await certificate_verify",
	"await new_session_ticket", "await finished",
}

func (s state) String() string { return stateNames[s] }

// A row of a flow says who handles a message in a state. What has no row is
// unexpected.
type row[R role] struct {
	state   state
	typ     wire.HandshakeType
	epoch   uint16 // in which the message comes
	handler func(r R, now time.Time, m message) (state, error)
}

// dispatch finds the row for m.
func dispatch[R role](r R, flow []row[R], s state, now time.Time, m message) (state, error) {
	for i := range flow {
		if flow[i].state == s && flow[i].typ == m.typ && flow[i].epoch == m.epoch {
			return flow[i].handler(r, now, m)
		}
	}
	return s, refuse(wire.AlertUnexpectedMessage, "unexpected %v: %v", m.typ, s)
}

// A role is the side and version that a handshake is run as.
type role interface {
	// handle takes the next message of the peer and returns the state after
	// it. Its error ends the handshake.
	handle(now time.Time, m message) (state, error)
	// undecryptable hears of a protected handshake record that did not open.
	undecryptable()
	// screen sees every fragment first, with the number of the record that it
	// came in. It may have its message be the next one, or drop it.
	screen(recordSeq uint64, f wire.Fragment) wire.Drop
	// unanswered hears that a flight is about to be repeated.
	unanswered(attempt int)
	// recover hears that nothing but an alert which anyone may have sent has
	// answered our flight. It reports whether the handshake goes on.
	recover(now time.Time, alert wire.AlertDescription) bool
}

// handshake is everything that an association needs only until it is
// established.
type handshake struct {
	*delivery
	role       role
	state      state
	transcript transcript
	question   question
	asked      Token
	expires    time.Time
	early      early
	schedule   *schedule // of DTLS 1.3; nil before its ServerHello

	proven    bool        // a record of the peer opened: what it says now is protected; of DTLS 1.3
	hinted    *AlertError // a fatal alert that anyone may have sent
	hints     int         // alerts that anyone may have sent
	suspicion error       // what probably goes wrong

	result               State
	sessionID            []byte
	master               [48]byte
	prf                  *suite.PRF // of the master secret, in DTLS 1.2
	clientRandom         [32]byte
	serverRandom         [32]byte
	extendedMasterSecret bool
	encryptThenMAC       bool
	ownKeyType           uint8 // the CertificateType of ours, as negotiated
	peerKeyType          uint8 // likewise, of the peer's
}

func newHandshake(a *Association, now time.Time, s state) *handshake {
	a.delivery = newDelivery(a)
	h := &handshake{delivery: a.delivery, state: s}
	if a.cfg.HandshakeTimeout > 0 {
		h.expires = now.Add(a.cfg.HandshakeTimeout)
	}
	return h
}

// receiveFragment keeps a fragment for the message that it belongs to.
func (h *handshake) receiveFragment(now time.Time, n recordNumber, f wire.Fragment) wire.Drop {
	// RFC 5246, Section 7.4.1.1: a HelloRequest "will be ignored by the client
	// if the client is currently negotiating a session".
	// DTLS 1.3 has none, so that one which is protected is out of order.
	if f.Type == wire.TypeHelloRequest && (n.epoch == 0 || h.a.suite13 == nil) {
		return wire.DropUnexpectedMessage
	}
	if drop := h.role.screen(n.seq, f); drop != wire.DropNone {
		return drop
	}
	drop := h.keep(n.epoch, f)
	switch {
	case drop == wire.DropDuplicateMessage && n.epoch == 0:
		h.doubt(now)
	case drop == wire.DropNone && h.answers(n.epoch):
		h.answered(n.epoch)
	}
	return drop
}

// doubt hears that a hello is repeated. Its sender may lack our answer, whatever
// anyone said.
func (h *handshake) doubt(now time.Time) {
	if h.a.suite13 != nil && h.a.side == Server {
		h.flight.doubt(now)
	}
}

func (h *handshake) answered(epoch uint16) {
	if epoch > 0 {
		h.flight.finish()
	} else {
		h.flight.pause()
	}
}

// answers reports whether a new fragment of that epoch says that our flight has
// arrived. What anyone may have sent says so only to a server, whose timer does
// not matter then: the client has one.
//
// RFC 9147, Section 7.1: a flight is acknowledged by any part of the next one.
func (h *handshake) answers(epoch uint16) bool {
	return h.a.suite13 != nil && (epoch > 0 || h.a.side == Server)
}

// advance handles messages for as long as the next one is complete and no
// question is open.
func (h *handshake) advance(now time.Time) {
	for h.a.hs == h && h.question.token == 0 {
		if h.early.due {
			h.a.replay(now, h.early.take(h.delivery))
			continue
		}
		m, ok := h.reassembly.take()
		if !ok {
			return
		}
		h.hinted = nil
		h.trace(Message{Type: m.typ, Seq: m.seq, Length: len(m.body), Body: m.body})
		if !selfRecording(m.typ) {
			h.record(m)
		}
		h.settle(h.role.handle(now, m))
	}
}

// settle takes what a handler returned.
func (h *handshake) settle(next state, err error) {
	switch {
	case h.a.hs != h:
		// The handler established or ended the association.
	case err != nil:
		h.a.fail(err)
	default:
		h.state = next
	}
}

// selfRecording tells the messages whose handlers need the transcript as it
// is before them, or that are not part of it.
func selfRecording(t wire.HandshakeType) bool {
	switch t {
	case wire.TypeClientHello, wire.TypeServerHello, wire.TypeHelloVerifyRequest, wire.TypeCertificateVerify, wire.TypeFinished:
		return true
	default:
		return false
	}
}

func (h *handshake) record(m message) { h.transcript.add(m.typ, m.seq, m.body) }

// traceFragment tells of a part of a message. Whole messages are told when they
// are handled.
func (a *Association) traceFragment(f wire.Fragment, sent bool) {
	if a.cfg.Trace && !f.Whole() {
		a.ws.push(Event{Kind: EventFragment, Message: Message{
			Sent: sent, Type: f.Type, Seq: f.Seq, Length: int(f.Length), Offset: int(f.Offset), Fragment: len(f.Body),
		}})
	}
}

// send adds a message to the flight.
func (h *handshake) send(t wire.HandshakeType, body []byte) {
	h.transcript.add(t, h.add(t, body), body)
}

// sendChangeCipherSpec puts all that follows under the new keys.
func (h *handshake) sendChangeCipherSpec() {
	h.flight.append(outgoing{ccs: true})
	h.sendEpoch = 1
}

// sendFinished ends our part of the handshake.
func (h *handshake) sendFinished() {
	data := h.prf.VerifyData(h.a.side == Client, h.transcript.sum())
	h.send(wire.TypeFinished, wire.Finished{VerifyData: data[:]}.AppendTo(nil))
}

// deadline returns when timeout has something to do.
func (h *handshake) deadline() time.Time { return earliest(h.expires, h.delivery.deadline()) }

func (h *handshake) timeout(now time.Time) {
	if due(h.expires, now) {
		h.giveUp()
		return
	}
	if due(h.acks.deadline, now) {
		h.sendACK()
	}
	switch {
	case !due(h.flight.deadline, now):
	case h.question.token != 0:
		// The peer did its part: it is we who are late.
		h.flight.arm(now)
	case h.hinted != nil:
		if alert := h.hinted; !h.role.recover(now, alert.Alert) {
			h.a.finish(alert)
		}
	case h.exhausted():
		h.giveUp()
	default:
		h.role.unanswered(h.flight.attempt + 1)
		h.retransmit(now)
	}
}

// giveUp ends a handshake that the peer no longer takes part in.
func (h *handshake) giveUp() {
	if h.suspicion != nil {
		h.a.finish(fmt.Errorf("%w: %w", ErrHandshakeTimeout, h.suspicion))
		return
	}
	h.a.finish(fmt.Errorf("%w: %v", ErrHandshakeTimeout, h.state))
}

// suspect warns, once, of what probably goes wrong.
func (h *handshake) suspect(err error) {
	if h.suspicion == nil {
		h.suspicion = err
		h.a.ws.push(Event{Kind: EventWarning, Err: err})
	}
}

// maxHints is how many alerts in plaintext an owner is told of. A datagram has
// room for thousands, and a log must not follow them.
const maxHints = 8

// hint takes an alert in plaintext, which anyone may have sent. A fatal one
// ends the handshake if the next timeout comes without progress.
func (h *handshake) hint(content []byte) {
	alert, err := wire.ParseAlert(content)
	if err != nil {
		h.a.drop(wire.DropMalformedRecord)
		return
	}
	h.a.drop(wire.DropPlaintextAlert)
	if h.hints < maxHints {
		h.hints++
		h.a.ws.push(Event{Kind: EventAlert, Alert: alert})
	}
	if h.a.endedBy(alert) || alert.Description == wire.AlertCloseNotify {
		h.hinted = &AlertError{Alert: alert.Description}
	}
}

// random fills b, 16 bytes or more, from the injected source. One that yields
// only zeroes is broken.
func (h *handshake) random(b []byte) error {
	if _, err := io.ReadFull(h.a.cfg.Rand, b); err != nil {
		return fmt.Errorf("reading random bytes: %w", err)
	}
	if zero(b) {
		return ErrNoRandomness
	}
	return nil
}

// zero reports whether a secret is not one.
func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// deriveMaster turns the premaster secret into the master secret and the
// keys of epoch 1. ClientKeyExchange must be in the transcript.
func (h *handshake) deriveMaster(premaster []byte) {
	s := h.a.suite
	if h.extendedMasterSecret {
		h.master = s.ExtendedMasterSecret(premaster, h.transcript.sum())
	} else {
		h.master = s.MasterSecret(premaster, &h.clientRandom, &h.serverRandom)
	}
	clear(premaster)
	h.installKeys()
}

// installKeys derives the keys of epoch 1 from the master secret.
func (h *handshake) installKeys() {
	a := h.a
	h.prf = a.suite.NewPRF(h.master[:])
	client, server := h.prf.KeyBlock(&h.clientRandom, &h.serverRandom)
	read, write := client, server
	if a.side == Client {
		read, write = server, client
	}
	h.early.due = true
	a.read = half{keys: read, epoch: 1, encryptThenMAC: h.encryptThenMAC}
	a.write = half{keys: write, epoch: 1, encryptThenMAC: h.encryptThenMAC}
	h.logSecret(suite.KeyLogMaster, h.master[:])
}

// checkFinished compares the peer's Finished with what it has to be, in
// constant time, and adds it to the transcript. No message may follow it.
//
// RFC 5246, Section 7.2.2: decrypt_error is for one who is "unable to [...]
// validate a Finished message", whatever is wrong with it.
func (h *handshake) checkFinished(m message) error {
	finished, err := wire.ParseFinished(m.body)
	want := h.prf.VerifyData(h.a.side == Server, h.transcript.sum())
	if err != nil || subtle.ConstantTimeCompare(finished.VerifyData, want[:]) != 1 {
		return refuse(wire.AlertDecryptError, "finished does not match the handshake")
	}
	if typ, ok := h.reassembly.protected(); ok {
		return refuse(wire.AlertUnexpectedMessage, "unexpected %v: after finished", typ)
	}
	h.record(m)
	return nil
}

// establish ends the handshake. With lingering set, our flight was the last
// one and may be asked for again by the peer's Finished of that message_seq.
func (h *handshake) establish(now time.Time, lingering bool, peerFinished uint16) {
	a := h.a
	a.hs = nil
	a.phase = phaseEstablished
	a.secrets = newSecrets12(&h.master, &h.clientRandom, &h.serverRandom)
	a.peerSeq = h.reassembly.next
	a.delivery = nil
	h.result.Version = wire.VersionDTLS12
	h.result.Suite = a.suite
	h.result.ExtendedMasterSecret = h.extendedMasterSecret
	h.result.EncryptThenMAC = h.encryptThenMAC
	state := h.result // a copy: a pointer into h would keep all of it
	a.state = &state
	if lingering {
		a.linger = &linger{flight: h.flight, peerFinished: peerFinished, until: now.Add(lingerTime)}
	}
	a.ws.push(Event{Kind: EventEstablished})
}

// permits reports whether our policy, which may have become stricter since,
// lets a session with that suite be resumed.
func (h *handshake) permits(chosen *suite.Suite, session *SessionState) bool {
	policy := &h.a.cfg.Policy
	switch {
	case chosen == nil || !slices.Contains(policy.Suites, chosen):
		return false
	case chosen.KeyExchange.UsesPSK() && !policy.PSK:
		return false
	case !h.takes(session):
		return false
	default:
		return !chosen.CBC() || session.EncryptThenMAC || !policy.EncryptThenMACRequired
	}
}

// permits13 is what permits is, in DTLS 1.3.
func (h *handshake) permits13(chosen *suite.Suite13, session *SessionState) bool {
	policy := &h.a.cfg.Policy
	return chosen != nil && slices.Contains(policy.Suites13, chosen) && (policy.PSK || !session.usesPSK()) && h.takes(session)
}
