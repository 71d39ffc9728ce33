package engine_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// One suite of each kind.
var (
	plainPSK = suite.Lookup(wire.TLS_PSK_WITH_AES_128_GCM_SHA256)
	ecdhePSK = suite.Lookup(wire.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256)
	ecdsa    = suite.Lookup(wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	rsa      = suite.Lookup(wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)
	cbc      = suite.Lookup(wire.TLS_PSK_WITH_AES_128_CBC_SHA256)
)

// Options that say whose setup they change.

func client(change func(cfg *engine.Config)) dtlstest.Option {
	return func(setup *dtlstest.Setup) { change(&setup.Client) }
}

func server(change func(cfg *engine.Config)) dtlstest.Option {
	return func(setup *dtlstest.Setup) { change(&setup.Server) }
}

func both(change func(cfg *engine.Config)) dtlstest.Option {
	return func(setup *dtlstest.Setup) {
		change(&setup.Client)
		change(&setup.Server)
	}
}

func target(t engine.Target) dtlstest.Option {
	return func(setup *dtlstest.Setup) { setup.Target = t }
}

func clientOwner(prepare func(e *dtlstest.Endpoint)) dtlstest.Option {
	return func(setup *dtlstest.Setup) { setup.PrepareClient = prepare }
}

func serverOwner(prepare func(e *dtlstest.Endpoint)) dtlstest.Option {
	return func(setup *dtlstest.Setup) { setup.PrepareServer = prepare }
}

// classicPair returns a pair whose client is from before RFC 7627.
func classicPair(t testing.TB, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	var setup dtlstest.Setup
	p := dtlstest.NewPair(t, 1, append(options, func(s *dtlstest.Setup) { setup = *s })...)
	p.Client.Association = engine.NewClassicClient(setup.Client.Complete(), engine.NewWorkspace(), p.Now, setup.Target)
	p.Client.Take()
	p.Client.Drain(p.Now)
	return p
}

// sealer returns a sealer with a key of that number.
func sealer(t testing.TB, key byte) engine.Sealer {
	t.Helper()
	block, err := aes.NewCipher(bytes.Repeat([]byte{key}, 16))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return &gcmSealer{aead: aead}
}

// connected returns a pair that is established and at rest.
func connected(t testing.TB, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	p := dtlstest.NewPair(t, 1, options...)
	p.Connect()
	return p
}

// records splits a datagram.
func records(t testing.TB, datagram []byte) []wire.Record {
	t.Helper()
	var all []wire.Record
	for len(datagram) > 0 {
		r, rest, err := wire.ParseRecord(datagram)
		if err != nil {
			t.Fatalf("a datagram of ours does not parse: %v", err)
		}
		all = append(all, r)
		datagram = rest
	}
	return all
}

// pieces returns each record of the datagrams as a datagram of its own.
func pieces(t testing.TB, datagrams ...[]byte) [][]byte {
	t.Helper()
	var all [][]byte
	for _, datagram := range datagrams {
		for _, r := range records(t, datagram) {
			all = append(all, encode(r))
		}
	}
	return all
}

func encode(r wire.Record) []byte {
	b := wire.AppendRecordHeader(nil, r.Type, r.Version, r.Epoch, r.Seq, len(r.Payload))
	return append(b, r.Payload...)
}

// fragments returns the handshake fragments in the plaintext records of the
// datagrams.
func fragments(t testing.TB, datagrams ...[]byte) []wire.Fragment {
	t.Helper()
	var all []wire.Fragment
	for _, datagram := range datagrams {
		for _, r := range records(t, datagram) {
			if r.Epoch > 0 || r.Type != wire.ContentHandshake {
				continue
			}
			for payload := r.Payload; len(payload) > 0; {
				f, rest, err := wire.ParseFragment(payload)
				if err != nil {
					t.Fatalf("a record of ours does not parse: %v", err)
				}
				all = append(all, f)
				payload = rest
			}
		}
	}
	return all
}

// plaintext returns a datagram with one record that anyone could have sent.
func plaintext(t wire.ContentType, payload []byte) []byte {
	return encode(wire.Record{Type: t, Version: wire.VersionDTLS12, Seq: 1000, Payload: payload})
}

// message returns a whole handshake message as a plaintext datagram.
func message(t wire.HandshakeType, seq uint16, body []byte) []byte {
	f := wire.Fragment{Type: t, Length: uint32(len(body)), Seq: seq, Body: body}
	return plaintext(wire.ContentHandshake, f.AppendTo(nil))
}

// alert returns the content of an alert.
func alert(level wire.AlertLevel, description wire.AlertDescription) []byte {
	return wire.Alert{Level: level, Description: description}.AppendTo(nil)
}

// split cuts a handshake message in an epoch 0 datagram into fragments of n
// bytes, a datagram each.
func split(t testing.TB, datagram []byte, n int) [][]byte {
	t.Helper()
	var all [][]byte
	for _, f := range fragments(t, datagram) {
		for start := 0; start < len(f.Body); start += n {
			end := min(start+n, len(f.Body))
			part := f
			part.Offset = f.Offset + uint32(start)
			part.Body = f.Body[start:end]
			all = append(all, plaintext(wire.ContentHandshake, part.AppendTo(nil)))
		}
	}
	return all
}

// wantAlive requires that data still goes both ways.
func wantAlive(t *testing.T, p *dtlstest.Pair, after string) {
	t.Helper()
	if p.Client.Over || p.Server.Over {
		t.Fatalf("%s: over: client %v; server %v", after, p.Client.Err, p.Server.Err)
	}
	p.Client.Take()
	p.Server.Take()
	wantEcho(t, p)
}

// wantOver requires that e ended with that error.
func wantOver(t *testing.T, e *dtlstest.Endpoint, want error, sentence string) {
	t.Helper()
	if !e.Over || !e.Closed() || !errors.Is(e.Err, want) {
		t.Errorf("%s: %v ended: %v, with %v; want %v", sentence, e.Side(), e.Over, e.Err, want)
	}
}

// wantEndedByAlert requires that e ended because of that alert.
func wantEndedByAlert(t *testing.T, e *dtlstest.Endpoint, want engine.AlertError, sentence string) {
	t.Helper()
	var got *engine.AlertError
	if !e.Over || !errors.As(e.Err, &got) || *got != want {
		t.Errorf("%s: %v ended: %v, with %v; want %+v", sentence, e.Side(), e.Over, e.Err, want)
	}
}

// wantRefused requires that e ended the handshake with that alert, and sent it.
func wantRefused(t *testing.T, e *dtlstest.Endpoint, want wire.AlertDescription, sentence string) {
	t.Helper()
	if !e.Over {
		t.Fatalf("%s: %v goes on, want %v", sentence, e.Side(), want)
	}
	sent, ok := lastAlert(t, e)
	if !ok {
		t.Fatalf("%s: %v ended with %v and sent no alert, want %v", sentence, e.Side(), e.Err, want)
	}
	if sent.Level != wire.AlertFatal || sent.Description != want {
		t.Errorf("%s: %v sent %v for %v, want %v", sentence, e.Side(), sent, e.Err, want)
	}
}

// wantPrivatelyRefused requires that e ended the handshake with an alert that
// only the peer can read.
func wantPrivatelyRefused(t *testing.T, e *dtlstest.Endpoint, sentence string) {
	t.Helper()
	if !e.Over || len(e.Outbox) != 1 {
		t.Fatalf("%s: %v ended: %v; it sent %d datagrams, want one alert", sentence, e.Side(), e.Over, len(e.Outbox))
	}
	if r := records(t, e.Outbox[0])[0]; r.Type != wire.ContentAlert || r.Epoch != 1 {
		t.Errorf("%s: %v sent %v in epoch %d, want an alert in epoch 1", sentence, e.Side(), r.Type, r.Epoch)
	}
}

// lastAlert returns the plaintext alert with which an outbox ends.
func lastAlert(t testing.TB, e *dtlstest.Endpoint) (wire.Alert, bool) {
	t.Helper()
	if len(e.Outbox) == 0 {
		return wire.Alert{}, false
	}
	all := records(t, e.Outbox[len(e.Outbox)-1])
	r := all[len(all)-1]
	if r.Type != wire.ContentAlert || r.Epoch > 0 {
		return wire.Alert{}, false
	}
	sent, err := wire.ParseAlert(r.Payload)
	return sent, err == nil
}

// wantSilent requires that e has nothing to send.
func wantSilent(t *testing.T, e *dtlstest.Endpoint, sentence string) {
	t.Helper()
	if len(e.Outbox) > 0 {
		t.Errorf("%s: %v sends %d datagrams, the first is %x", sentence, e.Side(), len(e.Outbox), e.Outbox[0])
	}
}

// wantDrop requires that e counted n drops for that reason.
func wantDrop(t *testing.T, e *dtlstest.Endpoint, reason wire.Drop, n int, sentence string) {
	t.Helper()
	if e.Drops[reason] != n {
		t.Errorf("%s: %v counts %d of %v, want %d", sentence, e.Side(), e.Drops[reason], reason, n)
	}
}

// wantDeadline requires that e has something to do after that time.
func wantDeadline(t *testing.T, p *dtlstest.Pair, e *dtlstest.Endpoint, after time.Duration, sentence string) {
	t.Helper()
	deadline := e.Deadline()
	switch {
	case after == 0 && !deadline.IsZero():
		t.Errorf("%s: %v has a deadline in %v, want none", sentence, e.Side(), deadline.Sub(p.Now))
	case after > 0 && !deadline.Equal(p.Now.Add(after)):
		t.Errorf("%s: %v has its deadline in %v, want %v", sentence, e.Side(), deadline.Sub(p.Now), after)
	}
}

// wantSameKeys requires that both sides derive the same.
func wantSameKeys(t *testing.T, p *dtlstest.Pair) {
	t.Helper()
	ours, err := p.Client.ExportKeyingMaterial("EXPERIMENTAL test", nil, false, 32)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := p.Server.ExportKeyingMaterial("EXPERIMENTAL test", nil, false, 32)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours, theirs) {
		t.Errorf("the client exports %x, the server %x", ours, theirs)
	}
}
