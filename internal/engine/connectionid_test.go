package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// withCIDs has the sides make connection IDs of that many bytes, 0 for a side
// that only puts the peer's into what it sends, below 0 for one that knows of
// none.
func withCIDs(clientLen, serverLen int) dtlstest.Option {
	return func(setup *dtlstest.Setup) {
		for i, cfg := range []*engine.Config{&setup.Client, &setup.Server} {
			if n := []int{clientLen, serverLen}[i]; n >= 0 {
				cfg.CIDs = dtlstest.CIDs{Len: n, Rand: dtlstest.NewRand(uint64(i))}
			}
		}
	}
}

// recordsFor splits a datagram for a receiver whose connection ID has cidLen
// bytes.
func recordsFor(t testing.TB, cidLen int, datagram []byte) (all []wire.Record, raw [][]byte) {
	t.Helper()
	for len(datagram) > 0 {
		r, rest, err := dtlstest.ParseRecord(datagram, cidLen)
		if err != nil {
			t.Fatalf("a datagram of ours does not parse: %v", err)
		}
		all = append(all, r)
		raw = append(raw, datagram[:len(datagram)-len(rest)])
		datagram = rest
	}
	return all, raw
}

// wantForms requires that the protected records for a receiver with that
// connection ID, and they alone, have it.
func wantForms(t *testing.T, cid []byte, datagrams ...[]byte) (sealed int) {
	t.Helper()
	for _, datagram := range datagrams {
		all, raw := recordsFor(t, len(cid), datagram)
		for i, r := range all {
			with := r.Type == wire.ContentCID
			if with != (r.Epoch > 0 && len(cid) > 0) {
				t.Errorf("%v record of epoch %d for a receiver with connection ID %x", r.Type, r.Epoch, cid)
			}
			if with && !bytes.Equal(raw[i][11:][:len(cid)], cid) {
				t.Errorf("record with connection ID %x for %x", raw[i][11:][:len(cid)], cid)
			}
			if r.Epoch > 0 {
				sealed++
			}
		}
	}
	return sealed
}

// converse has a pair complete its handshake and say something, and returns
// what each side sent.
func converse(t *testing.T, p *dtlstest.Pair) (fromClient, fromServer [][]byte) {
	t.Helper()
	exchange := func() {
		for len(p.Client.Outbox) > 0 || p.Server != nil && len(p.Server.Outbox) > 0 {
			fromClient = append(fromClient, p.Client.Outbox...)
			p.FlushClient()
			fromServer = append(fromServer, p.Server.Outbox...)
			p.FlushServer()
		}
	}
	exchange()
	if !p.Client.Established || !p.Server.Established {
		t.Fatalf("handshake not complete: client %v; server %v", p.Client.Err, p.Server.Err)
	}
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		if err := e.Say(fmt.Sprintf("from the %v", e.Side())); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	wantLast(t, p.Server, "from the client")
	wantLast(t, p.Client, "from the server")
	return fromClient, fromServer
}

var cidLengths = [][2]int{{8, 8}, {0, 8}, {8, 0}, {0, 0}, {1, 255}, {255, 1}, {3, 20}}

func TestEachSideSendsTheConnectionIDOfTheOther(t *testing.T) {
	for _, s := range suite.All() {
		for i, n := range cidLengths {
			if i > 0 && s != plainPSK && s != cbc {
				continue
			}
			t.Run(fmt.Sprintf("%v/%d,%d", s, n[0], n[1]), func(t *testing.T) {
				p := dtlstest.NewPair(t, 1, only(s), withCIDs(n[0], n[1]))
				fromClient, fromServer := converse(t, p)
				client, server := p.Client.State(), p.Server.State()
				if !client.HasCID || !server.HasCID || len(client.LocalCID) != n[0] || len(server.LocalCID) != n[1] ||
					!bytes.Equal(client.LocalCID, server.RemoteCID) || !bytes.Equal(server.LocalCID, client.RemoteCID) {
					t.Fatalf("client agreed on %+v, server on %+v", client, server)
				}
				if sealed := wantForms(t, server.LocalCID, fromClient...); sealed != 2 {
					t.Errorf("the client sent %d protected records, want Finished and data", sealed)
				}
				if sealed := wantForms(t, client.LocalCID, fromServer...); sealed != 2 {
					t.Errorf("the server sent %d protected records, want Finished and data", sealed)
				}
				for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
					if e.Repeated > 0 || e.Drops != [wire.NumDrops]int{} {
						t.Errorf("%v repeated %d flights and dropped %v", e.Side(), e.Repeated, e.Drops)
					}
				}
			})
		}
	}
}

func TestConnectionIDsNeedBothSides(t *testing.T) {
	for _, n := range [][2]int{{-1, 8}, {8, -1}, {-1, 0}, {0, -1}, {-1, -1}} {
		p := dtlstest.NewPair(t, 1, withCIDs(n[0], n[1]), both(func(cfg *engine.Config) { cfg.RRC = true }))
		fromClient, fromServer := converse(t, p)
		wantForms(t, nil, append(fromClient, fromServer...)...)
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if s := e.State(); s.HasCID || len(s.LocalCID)+len(s.RemoteCID) > 0 || s.RRC {
				t.Errorf("%v: %v agreed on %+v", n, e.Side(), s)
			}
		}
		p.ToServer(p.Client.SealWithCID([]byte("any"), wire.ContentApplicationData, []byte("x")))
		wantDrop(t, p.Server, wire.DropUnknownCID, 1, "a connection ID that nobody agreed on")
		wantAlive(t, p, "after a record with a connection ID")
	}
}

func TestConnectionIDsAreNotRepeated(t *testing.T) {
	source := dtlstest.CIDs{Len: 8, Rand: dtlstest.NewRand(1)}
	seen := map[string]bool{}
	for range 5 {
		p := connected(t, both(func(cfg *engine.Config) { cfg.CIDs = source }))
		seen[string(p.Client.State().LocalCID)] = true
		seen[string(p.Server.State().LocalCID)] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d different connection IDs in five associations, want 10", len(seen))
	}
}

// A fixedSource makes one connection ID, or fails.
type fixedSource struct {
	length int
	cid    string
	err    error
}

func (s fixedSource) CIDLen() int { return s.length }
func (s fixedSource) AppendCID(dst []byte) ([]byte, error) {
	return append(dst, s.cid...), s.err
}

func TestSourceOfConnectionIDsThatFailsEndsTheHandshake(t *testing.T) {
	broken := errors.New("broken")
	for _, source := range []fixedSource{{4, "", broken}, {4, "abc", nil}, {2, "", nil}} {
		use := func(cfg *engine.Config) { cfg.CIDs = source }
		p := dtlstest.NewPair(t, 1, client(use))
		if !p.Client.Over || source.err != nil && !errors.Is(p.Client.Err, broken) {
			t.Errorf("%+v: the client ended with %v", source, p.Client.Err)
		}
		p = dtlstest.NewPair(t, 1, withCIDs(4, -1), server(use))
		p.FlushClient()
		wantRefused(t, p.Server, wire.AlertInternalError, fmt.Sprintf("%+v", source))
	}
}

func TestRecordWithAnotherConnectionIDIsDropped(t *testing.T) {
	p := connected(t, withCIDs(8, 8))
	cid := p.Server.State().LocalCID
	other := append(slices.Clone(cid[:7]), ^cid[7])
	bearing := p.Server.Bearing()
	p.ToServer(p.Client.SealWithCID(other, wire.ContentApplicationData, []byte("for another association")))
	wantDrop(t, p.Server, wire.DropUnknownCID, 1, "the last byte differs")
	p.ToServer(p.Client.SealWithCID(p.Client.State().LocalCID, wire.ContentApplicationData, []byte("its own")))
	wantDrop(t, p.Server, wire.DropUnknownCID, 2, "the client's own connection ID")
	for _, datagram := range [][]byte{{25}, said(t, p, "cut off")[:15], said(t, p, "cut off")[:30]} {
		p.ToServer(datagram)
	}
	wantDrop(t, p.Server, wire.DropMalformedRecord, 3, "a record that is cut off")
	if p.Server.Bearing() != bearing || len(p.Server.Received) > 0 {
		t.Errorf("received %q; %+v became %+v", p.Server.Received, bearing, p.Server.Bearing())
	}
	wantAlive(t, p, "after records for others")
}

func TestRecordWithoutConnectionIDIsDroppedWhereOneWasAgreedOn(t *testing.T) {
	p := connected(t, withCIDs(0, 8))
	bearing := p.Server.Bearing()
	for _, typ := range []wire.ContentType{wire.ContentApplicationData, wire.ContentAlert, wire.ContentHandshake} {
		p.ToServer(p.Client.SealWithCID(nil, typ, []byte{2, 40}))
	}
	wantDrop(t, p.Server, wire.DropMissingCID, 3, "the right keys and the wrong form")
	if p.Server.Bearing() != bearing || len(p.Server.Received) > 0 || len(p.Server.Alerts) > 0 {
		t.Errorf("received %q and %v; %+v became %+v", p.Server.Received, p.Server.Alerts, bearing, p.Server.Bearing())
	}
	p.Client.Receive(p.Now, p.Server.SealWithCID([]byte("x"), wire.ContentApplicationData, []byte("with one")))
	wantDrop(t, p.Client, wire.DropUnknownCID, 1, "a connection ID for the client, who wants none")
	wantAlive(t, p, "after records of the other form")
}

func TestEveryRecordWithConnectionIDOfADatagramIsTaken(t *testing.T) {
	p := connected(t, withCIDs(8, 8))
	one, two, three := said(t, p, "one"), said(t, p, "two"), said(t, p, "three")
	other := p.Client.SealWithCID([]byte("another!"), wire.ContentApplicationData, []byte("x"))
	old := plaintext(wire.ContentHandshake, []byte("of the handshake"))
	without := p.Client.SealWithCID(nil, wire.ContentApplicationData, []byte("x"))
	p.ToServer(slices.Concat(one, other, two, old, without, three, three, []byte{25, 0xfe}))
	if got := bytes.Join(p.Server.Received, []byte(" ")); string(got) != "one two three" {
		t.Errorf("server received %q", got)
	}
	for _, reason := range []wire.Drop{wire.DropUnknownCID, wire.DropOldEpoch, wire.DropMissingCID, wire.DropReplay, wire.DropMalformedRecord} {
		wantDrop(t, p.Server, reason, 1, "records that are not taken")
	}
}

// What is inside of a record is its sender's own; only the owner of the keys
// can get it wrong.
func TestInnerPlaintextsThatOnlyThePeerCanMake(t *testing.T) {
	p := connected(t, withCIDs(8, 8))
	// The type comes last, so that type 0 is padding.
	p.ToServer(p.Client.SealAs(0, []byte("padded\x17\x00\x00\x00")))
	wantLast(t, p.Server, "padded")
	for _, typ := range []wire.ContentType{wire.ContentChangeCipherSpec, wire.ContentCID, wire.ContentACK, 99} {
		p.ToServer(p.Client.SealAs(typ, []byte{1}))
	}
	wantDrop(t, p.Server, wire.DropUnexpectedContent, 4, "records of other content")
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, nil))
	wantDrop(t, p.Server, wire.DropEmptyRecord, 1, "a record of nothing but its type")
	wantAlive(t, p, "after strange content")

	zeroes := p.Client.SealAs(0, make([]byte, 20))
	forged := slices.Clone(zeroes)
	forged[len(forged)-1] ^= 1
	p.ToServer(forged)
	wantDrop(t, p.Server, wire.DropAuthentication, 1, "nothing but zeroes, from somebody else")
	p.ToServer(zeroes)
	var local *engine.LocalError
	if !errors.As(p.Server.Err, &local) || local.Alert != wire.AlertUnexpectedMessage || len(p.Server.Outbox) != 1 {
		t.Fatalf("nothing but zeroes: the server ended with %v", p.Server.Err)
	}
	p.FlushServer()
	wantEndedByAlert(t, p.Client, engine.AlertError{Alert: wire.AlertUnexpectedMessage, Authenticated: true}, "an alert with a connection ID")
}

func TestRecordsWithConnectionIDsHaveTheLimitsOfOthers(t *testing.T) {
	p := connected(t, withCIDs(8, 8))
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, make([]byte, wire.MaxPlaintext)))
	if n := len(p.Server.Received); n != 1 || len(p.Server.Received[0]) != wire.MaxPlaintext {
		t.Errorf("%d plaintexts from the longest record", n)
	}
	p.ToServer(p.Client.SealAs(wire.ContentApplicationData, make([]byte, wire.MaxPlaintext+1)))
	var local *engine.LocalError
	if !errors.As(p.Server.Err, &local) || local.Alert != wire.AlertRecordOverflow {
		t.Errorf("one byte more: the server ended with %v", p.Server.Err)
	}

	p = connected(t, withCIDs(0, 8))
	if _, err := p.Client.Send(nil, make([]byte, wire.MaxPlaintext)); !errors.Is(err, engine.ErrMessageTooLarge) {
		t.Errorf("a plaintext that leaves no room for its type: %v", err)
	}
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		if err := e.Say(string(make([]byte, e.MaxPlaintext()))); err != nil {
			t.Errorf("%v cannot send what it says: %v", e.Side(), err)
		}
	}
	if c, s := p.Client.MaxPlaintext(), p.Server.MaxPlaintext(); c != wire.MaxPlaintext-1 || s != wire.MaxPlaintext {
		t.Errorf("the client sends %d bytes at most, the server %d", c, s)
	}

	limited := func(cfg *engine.Config) { cfg.RecordSizeLimit = 100 }
	for _, test := range []struct {
		client, server int // lengths of connection IDs
		want           [2]int
	}{{-1, -1, [2]int{100, 100}}, {0, 8, [2]int{99, 100}}, {8, 0, [2]int{100, 99}}, {8, 8, [2]int{99, 99}}} {
		p := connected(t, withCIDs(test.client, test.server), both(limited))
		if got := [2]int{p.Client.MaxPlaintext(), p.Server.MaxPlaintext()}; got != test.want {
			t.Errorf("connection IDs of %d and %d bytes: the sides send %v bytes at most, want %v", test.client, test.server, got, test.want)
		}
		p.ToServer(p.Client.SealAs(wire.ContentApplicationData, make([]byte, 100)))
		p.ToServer(p.Client.SealAs(wire.ContentApplicationData, make([]byte, 101)))
		wantDrop(t, p.Server, wire.DropRecordOverflow, 1, "101 bytes where 100 are taken")
		wantAlive(t, p, "after a record that is too long")
	}
}

func TestOverheadCountsConnectionIDs(t *testing.T) {
	for _, s := range suite.All() {
		for _, n := range cidLengths {
			p := connected(t, only(s), withCIDs(n[0], n[1]))
			for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
				largest := 0
				for size := range 17 {
					largest = max(largest, len(e.SealAs(wire.ContentApplicationData, make([]byte, size)))-size)
				}
				if got := e.Overhead(); got != largest {
					t.Errorf("%v, %v to a connection ID of %d bytes: records grow by %d, Overhead is %d",
						s, e.Side(), len(e.State().RemoteCID), largest, got)
				}
			}
		}
	}
}

// smallest returns a pair whose datagrams are as small as they get, and whose
// server takes the hello in pieces.
func smallest(t *testing.T, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	p := dtlstest.NewPair(t, 2, append(options, both(func(cfg *engine.Config) { cfg.MTU = engine.MinMTU }))...)
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, engine.Hello{Verified: true}, p.PrepareServer)
	return p
}

func TestHandshakeWithConnectionIDsKeepsToTheMTU(t *testing.T) {
	for _, s := range []*suite.Suite{plainPSK, ecdsa, cbc} {
		for _, w := range ways {
			options, _ := w.prepare(t, only(s), withCIDs(20, 20))
			p := smallest(t, options...)
			fromClient, fromServer := converse(t, p)
			for _, datagram := range append(fromClient, fromServer...) {
				if len(datagram) > engine.MinMTU {
					t.Errorf("%v: a datagram of %d bytes", s, len(datagram))
				}
			}
		}
	}
}

// A connection ID can be nearly as long as the smallest datagram. Then a
// datagram is longer, and the handshake ends.
func TestLongestConnectionIDsEndAHandshakeWithTheSmallestMTU(t *testing.T) {
	for _, s := range []*suite.Suite{plainPSK, suite.Lookup(wire.TLS_PSK_WITH_AES_256_CBC_SHA384)} {
		for _, w := range ways {
			options, _ := w.prepare(t, only(s), withCIDs(255, 255))
			p := smallest(t, options...)
			p.Connect()
			if !p.Client.State().Resumed || len(p.Server.State().LocalCID) != 255 {
				t.Fatalf("agreed on %+v", p.Client.State())
			}
			wantEcho(t, p)
			if p.Client.SentCount > 10 || p.Server.SentCount > 20 {
				t.Errorf("the client sent %d datagrams, the server %d", p.Client.SentCount, p.Server.SentCount)
			}
		}
	}
}

func TestFinishedWithConnectionIDWaitsForItsKeys(t *testing.T) {
	p := dtlstest.NewPair(t, 1, withCIDs(3, 8))
	p.FlushClient()
	p.FlushServer()
	var flight [][]byte
	for _, datagram := range p.Client.Take() {
		_, raw := recordsFor(t, 8, datagram)
		flight = append(flight, raw...)
	}
	slices.Reverse(flight)
	p.ToServer(flight[0])
	wantBuffered(t, p.Server, len(flight[0]), 2*len(flight[0])+100, "a record whose keys are not there yet")
	if p.Server.Newest() {
		t.Error("a record that nobody could open tells where the peer is")
	}
	for _, datagram := range flight[1:] {
		p.ToServer(datagram)
		if p.Server.Newest() {
			t.Error("a plaintext record tells where the peer is, or one that came before")
		}
	}
	p.Connect()
	if p.Client.Repeated+p.Server.Repeated > 0 {
		t.Error("a flight was repeated")
	}
	wantEcho(t, p)
	if !p.Server.Newest() {
		t.Error("a new record does not tell where the peer is")
	}
}

// A server that resumes sends ServerHello and Finished together. Before it knows
// the ServerHello, a client does not know which form the other has.
func TestFinishedOfAResumptionWaitsForTheServerHello(t *testing.T) {
	for _, n := range [][2]int{{8, 8}, {8, 0}, {0, 8}, {8, -1}} {
		inEveryWay(t, func(t *testing.T, w way) {
			options, _ := w.prepare(t, withCIDs(n[0], n[1]))
			p := dtlstest.NewPair(t, 2, options...)
			p.FlushClient()
			var flight [][]byte
			for _, datagram := range p.Server.Take() {
				_, raw := recordsFor(t, n[0], datagram)
				flight = append(flight, raw...)
			}
			slices.Reverse(flight)
			for _, datagram := range flight {
				p.Client.Receive(p.Now, datagram)
			}
			if !p.Client.Established {
				t.Fatalf("%v: the client is not established; it dropped %v", n, p.Client.Drops)
			}
			wantResumed(t, p, true, "a flight in reverse")
		})
	}
}

func TestForgedEarlyRecordWithConnectionIDDoesNotStopTheHandshake(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK), withCIDs(0, 8))
	p.FlushClient()
	p.FlushServer()
	var flight [][]byte
	for _, datagram := range p.Client.Take() {
		_, raw := recordsFor(t, 8, datagram)
		flight = append(flight, raw...)
	}
	last := len(flight) - 1
	forged := slices.Clone(flight[last])
	forged[len(forged)-1] ^= 1
	p.ToServer(forged)
	other := slices.Clone(flight[last])
	other[11] ^= 1
	p.ToServer(other)
	wantDrop(t, p.Server, wire.DropUnknownCID, 1, "a connection ID that was not given to this client")
	for range 500 {
		p.ToServer(forged)
	}
	wantBuffered(t, p.Server, 2<<10, 4<<10, "no more than a flight of the next epoch")
	for _, datagram := range flight {
		p.ToServer(datagram)
	}
	p.Connect()
	if len(p.Server.Warnings) != 1 {
		t.Errorf("%d warnings, want one, about the first record that did not open", len(p.Server.Warnings))
	}
	wantEcho(t, p)
}

func TestWrongKeyIsSuspectedWithConnectionIDs(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(plainPSK), withCIDs(8, 8), clientOwner(func(e *dtlstest.Endpoint) { e.PSKs["client"] = "another key" }))
	p.Settle()
	if len(p.Server.Warnings) != 1 || !errors.Is(p.Server.Warnings[0], engine.ErrWrongKey) {
		t.Errorf("the server warns of %v", p.Server.Warnings)
	}
}

func TestLostLastFlightWithConnectionIDsIsSentAgain(t *testing.T) {
	for _, n := range [][2]int{{8, 8}, {0, 8}, {8, 0}} {
		p, _ := lostLastFlight(t, withCIDs(n[0], n[1]))
		p.Advance(time.Second)
		again := p.Client.Take()
		wantForms(t, p.Server.State().LocalCID, again...)
		for _, datagram := range again {
			p.ToServer(datagram)
		}
		wantForms(t, p.Server.State().RemoteCID, p.Server.Outbox...)
		p.Connect()
		if p.Server.Repeated != 1 {
			t.Errorf("the server repeated %d flights, want one", p.Server.Repeated)
		}
		wantEcho(t, p)
	}
}

func TestResumedHandshakeNegotiatesConnectionIDsAnew(t *testing.T) {
	for _, first := range [][2]int{{8, 8}, {-1, -1}} {
		for _, n := range [][2]int{{4, 6}, {0, 8}, {-1, 8}, {8, -1}} {
			inEveryWay(t, func(t *testing.T, w way) {
				options, _ := w.prepare(t, withCIDs(first[0], first[1]))
				none := both(func(cfg *engine.Config) { cfg.CIDs = nil })
				p := dtlstest.NewPair(t, 2, append(options, none, withCIDs(n[0], n[1]))...)
				fromClient, fromServer := converse(t, p)
				server := p.Server.State()
				if agreed := n[0] >= 0 && n[1] >= 0; server.HasCID != agreed || agreed && len(server.LocalCID) != n[1] {
					t.Errorf("agreed on %+v", server)
				}
				wantForms(t, server.LocalCID, fromClient...)
				wantForms(t, server.RemoteCID, fromServer...)
				wantResumed(t, p, true, "with other connection IDs")
			})
		}
	}
}

func TestHelloVerifyRequestKeepsTheConnectionID(t *testing.T) {
	p := dtlstest.NewPair(t, 1, withCIDs(8, 8))
	first := fragments(t, p.Client.Take()...)[0]
	p.Client.Receive(p.Now, message(wire.TypeHelloVerifyRequest, 0, wire.HelloVerifyRequest{Version: wire.VersionDTLS10, Cookie: []byte("cookie")}.AppendTo(nil)))
	p.Connect()
	hello, err := wire.ParseClientHello(first.Body)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := wire.ParseClientExtensions(hello.Extensions)
	if err != nil || !bytes.Equal(ext.ConnectionID, p.Server.State().RemoteCID) {
		t.Errorf("first %x, then %x; %v", ext.ConnectionID, p.Server.State().RemoteCID, err)
	}
	wantEcho(t, p)
}

func TestNewestTellsWhichDatagramsCanMoveAPeer(t *testing.T) {
	for _, n := range [][2]int{{8, 8}, {-1, -1}} {
		p := connected(t, withCIDs(n[0], n[1]))
		one, two, three, four := said(t, p, "one"), said(t, p, "two"), said(t, p, "three"), said(t, p, "four")
		forged := slices.Clone(four)
		forged[len(forged)-1] ^= 1
		for _, step := range []struct {
			name     string
			datagram []byte
			want     bool
		}{
			{"a new record", two, true},
			{"the same again", two, false},
			{"one that is late", one, false},
			{"a newer record after one that was seen", slices.Concat(two, three), true},
			{"a forged one", forged, false},
			{"a plaintext one", plaintext(wire.ContentAlert, []byte{1, 0}), false},
			{"nothing", nil, false},
			{"the newest before one that was seen", slices.Concat(four, one), true},
			{"junk", []byte("junk"), false},
		} {
			p.ToServer(step.datagram)
			if got := p.Server.Newest(); got != step.want {
				t.Errorf("%s: newest is %v, want %v", step.name, got, step.want)
			}
		}
	}
}

func TestConnectionIDsSurviveExports(t *testing.T) {
	for _, n := range [][2]int{{8, 8}, {0, 8}, {8, 0}, {0, 0}, {255, 255}} {
		for _, snapshot := range []bool{false, true} {
			v, _ := newVault(t)
			p := connected(t, withCIDs(n[0], n[1]), both(func(cfg *engine.Config) { cfg.RRC = true }))
			before := fmt.Sprintf("%+v", *p.Server.State())
			var sealed []byte
			var err error
			if snapshot {
				sealed, err = p.Server.Snapshot(p.Now, v, 10)
				p.Client.SkipTo(20)
			} else {
				sealed, err = p.Server.Handover(p.Now, v)
			}
			if err != nil {
				t.Fatal(err)
			}
			adopt(t, p, v, sealed)
			if after := fmt.Sprintf("%+v", *p.Server.State()); after != before {
				t.Errorf("%s became %s", before, after)
			}
			wantEcho(t, p)
			if err := p.Server.Say("in the right form"); err != nil {
				t.Fatal(err)
			}
			wantForms(t, p.Server.State().RemoteCID, p.Server.Outbox...)
			other := bytes.Repeat([]byte{'x'}, max(n[1], 1))
			p.ToServer(p.Client.SealWithCID(other, wire.ContentApplicationData, []byte("x")))
			wantDrop(t, p.Server, wire.DropUnknownCID, 1, "another connection ID after the move")
		}
	}
}

func TestClosingWithConnectionIDs(t *testing.T) {
	p := connected(t, withCIDs(8, 8))
	late := said(t, p, "too late")
	p.Server.Trim()
	p.Server.Close(p.Now)
	wantForms(t, p.Server.State().RemoteCID, p.Server.Outbox...)
	p.FlushServer()
	wantOver(t, p.Client, engine.ErrCloseNotify, "a goodbye with a connection ID")
	p.ToServer(late)
	wantDrop(t, p.Server, wire.DropClosed, 1, "data after the end")
	if p.Server.Newest() {
		t.Error("a closed association learns where its peer is")
	}
}

func TestR20EstablishedPairWithConnectionIDsSurvivesForgery(t *testing.T) {
	for _, s := range quickSuites {
		t.Run(s.Name, func(t *testing.T) {
			p := connected(t, only(s), withCIDs(8, 8), both(func(cfg *engine.Config) { cfg.RRC = true }))
			authentic := [][]byte{
				said(t, p, "a datagram"),
				p.Client.SealAs(wire.ContentAlert, alert(wire.AlertWarning, wire.AlertCloseNotify)),
				p.Client.SealAs(wire.ContentReturnRoutabilityCheck, make([]byte, 9)),
				p.Client.SealAs(0, make([]byte, 30)),
			}
			bearing := p.Server.Bearing()
			forgeriesWithCID(authentic, p.Server.State().LocalCID, func(name string, datagram []byte) {
				p.ToServer(datagram)
				if p.Server.Bearing() != bearing || len(p.Server.Received)+len(p.Server.Outbox)+len(p.Server.Checks) > 0 || p.Server.Newest() {
					t.Fatalf("%s: received %q, sends %d, %+v became %+v",
						name, p.Server.Received, len(p.Server.Outbox), bearing, p.Server.Bearing())
				}
			})
			p.ToServer(authentic[0])
			wantLast(t, p.Server, "a datagram")
			wantAlive(t, p, "after thousands of forgeries")
		})
	}
}

// forgeriesWithCID calls try with datagrams of which none is authentic, made
// from authentic ones of one record each.
func forgeriesWithCID(authentic [][]byte, cid []byte, try func(name string, datagram []byte)) {
	for i, datagram := range authentic {
		for n := range datagram {
			try(fmt.Sprintf("datagram %d cut off after %d bytes", i, n), datagram[:n])
		}
		for bit := range 8 * len(datagram) {
			forged := slices.Clone(datagram)
			forged[bit/8] ^= 1 << (bit % 8)
			try(fmt.Sprintf("datagram %d with bit %d of byte %d changed", i, bit%8, bit/8), forged)
		}
		for typ := range 256 {
			without := slices.Concat([]byte{byte(typ)}, datagram[1:11], datagram[11+len(cid):])
			try(fmt.Sprintf("datagram %d as content %d without connection ID", i, typ), without)
		}
	}
	random := dtlstest.NewRand(146)
	for i := range 2000 {
		junk := make([]byte, 11+len(cid)+2+i%100)
		_, _ = random.Read(junk)
		copy(junk, []byte{25, 0xfe, 0xfd, 0, byte(i & 1)})
		copy(junk[11:], cid)
		junk[11+len(cid)], junk[12+len(cid)] = 0, byte(i%100)
		try(fmt.Sprintf("junk %d with the connection ID", i), junk)
	}
}

func TestRecordsWithConnectionIDsAllocateNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	for _, s := range suite.Default() {
		p := connected(t, only(s), withCIDs(8, 8))
		wantEcho(t, p)
		payload, buffer := make([]byte, 1200), make([]byte, 0, 2048)
		receive := func(datagram []byte) {
			p.Server.Association.Receive(p.Now, datagram)
			for p.Server.Next().Kind != engine.EventNone {
			}
		}
		n := testing.AllocsPerRun(100, func() {
			datagram, err := p.Client.Send(buffer, payload)
			if err != nil {
				t.Fatal(err)
			}
			receive(datagram)
			datagram[len(datagram)-1] ^= 1
			receive(datagram)
			datagram[11] ^= 1
			receive(datagram)
		})
		if n > 0 {
			t.Errorf("%v: %v allocations for a record sent and received", s, n)
		}
	}
}
