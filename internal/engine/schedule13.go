package engine

import (
	"crypto/subtle"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A schedule is the key schedule of a handshake of DTLS 1.3: what both sides
// derive, and when. Of pairs of secrets the first is the client's.
//
// RFC 8446, Section 7.1.
type schedule struct {
	h           *handshake
	secret      *suite.HandshakeSecret
	master      *suite.MasterSecret
	finished    [2]suite.Secret // keys of the messages
	application [2]suite.Secret
}

// enterHandshake goes on in epoch 2, with keys that ServerHello and what is
// before it lead to.
func (h *handshake) enterHandshake(now time.Time, secret *suite.HandshakeSecret) {
	sum := h.transcript.sum()
	k := &schedule{h: h, secret: secret}
	h.schedule = k
	traffic := [2]suite.Secret{secret.ClientTraffic(sum), secret.ServerTraffic(sum)}
	h.logSecrets(suite.KeyLogClientHandshake, suite.KeyLogServerHandshake, traffic)
	a := h.a
	var keys [2]suite.Keys
	for side := range traffic {
		keys[side], k.finished[side] = a.suite13.HandshakeKeys(traffic[side])
		traffic[side].Wipe()
	}
	a.readWith(now, epochHandshake, keys[a.side.Peer()], nil)
	a.writeWith(epochHandshake, keys[a.side], nil)
	h.sendEpoch = epochHandshake
	h.early.due = true
	// What anyone may have sent ahead is not of this handshake.
	h.reassembly.forget(0)
}

// deriveApplication derives the secrets of epoch 3. The server's Finished is
// the last message of the transcript.
func (k *schedule) deriveApplication() {
	sum := k.h.transcript.sum()
	k.master = k.secret.MasterSecret()
	k.application = [2]suite.Secret{k.master.ClientTraffic(sum), k.master.ServerTraffic(sum)}
	exporter := k.master.Exporter(sum)
	k.h.a.secrets = secrets(exporter)
	k.h.logSecrets(suite.KeyLogClientTraffic, suite.KeyLogServerTraffic, k.application)
	k.h.logSecret(suite.KeyLogExporter, exporter)
}

// readApplicationData goes on with the peer's first keys for its data.
func (h *handshake) readApplicationData(now time.Time) {
	traffic := h.schedule.application[h.a.side.Peer()]
	h.a.readWith(now, epochApplication, h.a.suite13.TrafficKeys(traffic), traffic)
}

// writeApplicationData goes on with our first keys for data.
func (h *handshake) writeApplicationData() {
	traffic := h.schedule.application[h.a.side]
	h.a.writeWith(epochApplication, h.a.suite13.TrafficKeys(traffic), traffic)
}

// verifyData returns the content of a side's Finished at this point.
func (k *schedule) verifyData(side Side) []byte {
	return k.h.a.suite13.VerifyData(k.finished[side], k.h.transcript.sum())
}

// sendFinished13 ends our flight.
func (h *handshake) sendFinished13() {
	h.send(wire.TypeFinished, wire.Finished{VerifyData: h.schedule.verifyData(h.a.side)}.AppendTo(nil))
}

// checkFinished13 compares the peer's Finished with what it has to be, in
// constant time, and adds it to the transcript. No message may follow it in its
// epoch.
//
// RFC 8446, Section 6.2: decrypt_error is for one who is "unable to [...]
// validate a Finished message", whatever is wrong with it.
func (h *handshake) checkFinished13(m message) error {
	finished, err := wire.ParseFinished13(m.body, h.a.suite13.Hash.Size())
	if err != nil || subtle.ConstantTimeCompare(finished.VerifyData, h.schedule.verifyData(h.a.side.Peer())) != 1 {
		return refuse(wire.AlertDecryptError, "finished does not match the handshake")
	}
	if err := h.endsEpoch(m); err != nil {
		return err
	}
	h.record(m)
	return nil
}

// endsEpoch refuses messages that follow m with keys that m does away with.
//
// RFC 8446, Section 5.1.
func (h *handshake) endsEpoch(m message) error {
	if typ, ok := h.reassembly.pending(m.epoch); ok {
		return refuse(wire.AlertUnexpectedMessage, "unexpected %v: after %v under the same keys", typ, m.typ)
	}
	return nil
}

// establish13 ends the handshake. What came early is taken now.
func (h *handshake) establish13() {
	a := h.a
	a.hs = nil
	a.phase = phaseEstablished
	a.stirred = true
	h.result.Version = wire.VersionDTLS13
	h.result.Suite13 = a.suite13
	h.result.ExtendedMasterSecret = true
	state := h.result // a copy: a pointer into h would keep all of it
	a.state = &state
	a.ws.push(Event{Kind: EventEstablished})
}

// wipe forgets what is not needed after the handshake.
func (k *schedule) wipe() {
	if k == nil {
		return
	}
	for i := range k.finished {
		k.finished[i].Wipe()
	}
	if k.secret != nil {
		k.secret.Wipe()
	}
	if k.master != nil {
		k.master.Wipe()
	}
}

// abandon forgets everything, keys that would be used after the handshake too.
func (k *schedule) abandon() {
	if k == nil {
		return
	}
	k.wipe()
	for i := range k.application {
		k.application[i].Wipe()
	}
}

func (h *handshake) logSecrets(client, server string, secrets [2]suite.Secret) {
	h.logSecret(client, secrets[Client])
	h.logSecret(server, secrets[Server])
}

// logSecret raises a line for the key log, where one is wanted.
func (h *handshake) logSecret(label string, secret []byte) {
	if h.a.cfg.KeyLog {
		line := suite.AppendKeyLogLine(nil, label, &h.clientRandom, secret)
		h.a.ws.push(Event{Kind: EventSecret, Data: line})
	}
}
