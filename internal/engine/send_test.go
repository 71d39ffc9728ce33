package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestSendNeedsAnEstablishedAssociation(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	before := []byte("what was there")
	got, err := p.Client.Send(before, []byte("too early"))
	if !errors.Is(err, engine.ErrNotEstablished) || !bytes.Equal(got, before) {
		t.Errorf("during the handshake: %q, %v", got, err)
	}
	if p.Client.Overhead() != 0 || p.Client.Association.Established() || p.Client.State() != nil {
		t.Error("a handshake looks established")
	}
}

func TestSendAppendsOneRecord(t *testing.T) {
	for _, s := range suite.All() {
		p := connected(t, only(s))
		for _, n := range []int{0, 1, 15, 16, 17, 1200, wire.MaxPlaintext} {
			plaintext := bytes.Repeat([]byte{7}, n)
			datagram, err := p.Client.Send([]byte("before"), plaintext)
			if err != nil || !bytes.HasPrefix(datagram, []byte("before")) {
				t.Fatalf("%v, %d bytes: %v", s, n, err)
			}
			all := records(t, datagram[len("before"):])
			if len(all) != 1 || all[0].Type != wire.ContentApplicationData || all[0].Epoch != 1 || all[0].Version != wire.VersionDTLS12 {
				t.Errorf("%v, %d bytes: records %+v", s, n, all)
			}
			if added := len(datagram) - len("before") - n; added > p.Client.Overhead() || !s.CBC() && added != p.Client.Overhead() {
				t.Errorf("%v: Send adds %d bytes to %d, Overhead says %d", s, added, n, p.Client.Overhead())
			}
			if bytes.Contains(datagram, plaintext) && n > 8 {
				t.Errorf("%v: the plaintext is in the datagram", s)
			}
		}
	}
}

func TestSendRefusesWhatDoesNotFitInOneRecord(t *testing.T) {
	p := connected(t)
	if n := p.Client.MaxPlaintext(); n != wire.MaxPlaintext {
		t.Errorf("MaxPlaintext is %d", n)
	}
	datagram, err := p.Client.Send(nil, make([]byte, wire.MaxPlaintext+1))
	if !errors.Is(err, engine.ErrMessageTooLarge) || len(datagram) > 0 {
		t.Errorf("one byte too many: %d bytes, %v", len(datagram), err)
	}
	wantAlive(t, p, "after a message too large")
}

func TestLastRecordNumberIsTheLast(t *testing.T) {
	p := connected(t)
	p.Client.SkipTo(wire.MaxRecordSeq)
	if seq := sequenceNumber(t, said(t, p, "the last")); seq != wire.MaxRecordSeq {
		t.Errorf("record %d", seq)
	}
	for range 3 {
		if err := p.Client.Say("one too many"); !errors.Is(err, engine.ErrSequenceExhausted) {
			t.Fatalf("after the last number: %v", err)
		}
	}
	p.Client.Close(p.Now)
	wantSilent(t, p.Client, "without numbers there is no goodbye")
	wantOver(t, p.Client, engine.ErrClosed, "closed all the same")
}

func TestPlaintextNumbersRunOutWithoutRepeating(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(rsa))
	hello, ok := dtlstest.WholeHello(p.Client.Take()[0])
	if !ok {
		t.Fatal("no hello")
	}
	hello.RecordSeq = wire.MaxRecordSeq - 1
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello)
	for !p.Server.Over {
		p.Now = p.Server.Deadline()
		p.Server.Timeout(p.Now)
	}
	wantOver(t, p.Server, engine.ErrSequenceExhausted, "a client that starts at the end of the numbers")
	seen := map[uint64]bool{}
	for _, datagram := range p.Server.Take() {
		seq := sequenceNumber(t, datagram)
		if seen[seq] {
			t.Errorf("record %d is sent twice", seq)
		}
		seen[seq] = true
	}
}

// nonces collects what an endpoint has sealed, and fails on a repetition.
type nonces struct {
	name string
	seen map[string]bool
}

// add takes datagrams of an epoch whose key is the endpoint's only one. The
// nonce of a record is its epoch and number, which GCM and CCM repeat in its
// first bytes.
func (n *nonces) add(t *testing.T, s *suite.Suite, datagrams [][]byte) {
	t.Helper()
	for _, datagram := range datagrams {
		for _, r := range records(t, datagram) {
			if r.Epoch == 0 {
				continue
			}
			number := fmt.Sprintf("%04x%012x", r.Epoch, r.Seq)
			if n.seen[number] {
				t.Errorf("%v: %s seals twice under %s", s, n.name, number)
			}
			n.seen[number] = true
			if explicit := fmt.Sprintf("%x", r.Payload[:8]); sendsNonce(s) && explicit != number {
				t.Errorf("%v: %s seals record %s under nonce %s", s, n.name, number, explicit)
			}
		}
	}
}

// sendsNonce reports whether records of s begin with 8 bytes of their nonce.
func sendsNonce(s *suite.Suite) bool {
	return strings.Contains(s.Name, "GCM") || strings.Contains(s.Name, "CCM")
}

func TestR10NoNonceServesTwice(t *testing.T) {
	for _, s := range suite.All() {
		patient := both(func(cfg *engine.Config) { cfg.RetransmitLimit = 100 })
		checkNonces(t, s, dtlstest.NewPair(t, 1, only(s), patient))
		options, _ := ways[0].prepare(t, only(s), patient)
		checkNonces(t, s, dtlstest.NewPair(t, 2, options...))
	}
}

// checkNonces has a pair lose and repeat flights, repeat the last one five
// times, idle, talk, and say goodbye.
func checkNonces(t *testing.T, s *suite.Suite, p *dtlstest.Pair) {
	t.Helper()
	sealed := map[engine.Side]*nonces{
		engine.Client: {"the client", map[string]bool{}},
		engine.Server: {"the server", map[string]bool{}},
	}
	take := func(e *dtlstest.Endpoint) [][]byte {
		if e == nil {
			return nil
		}
		out := e.Take()
		sealed[e.Side()].add(t, s, out)
		return out
	}
	deliver := func(from, to *dtlstest.Endpoint) {
		for _, datagram := range take(from) {
			to.Receive(p.Now, datagram)
		}
	}
	p.FlushClient()
	for round := range 20 {
		if round%2 == 0 {
			take(p.Client)
			take(p.Server)
		}
		p.Advance(time.Minute)
		deliver(p.Client, p.Server)
		deliver(p.Server, p.Client)
	}
	for range 5 {
		p.Server.Receive(p.Now, p.Client.SealAs(wire.ContentHandshake, finishedFragment(p.Server.PeerSeq()-1)))
		take(p.Server)
	}
	p.Connect()
	for range 3 {
		p.Client.Trim()
		p.Server.Trim()
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if err := e.Say("something"); err != nil {
				t.Fatal(err)
			}
		}
		deliver(p.Client, p.Server)
		deliver(p.Server, p.Client)
	}
	p.Client.Close(p.Now)
	deliver(p.Client, p.Server)
	take(p.Server)
	for _, n := range sealed {
		if len(n.seen) < 5 {
			t.Errorf("%v: only %d records of %s", s, len(n.seen), n.name)
		}
	}
}
