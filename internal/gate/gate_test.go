package gate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

var (
	start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	alice = netip.MustParseAddrPort("192.0.2.1:4000")
	bob   = netip.MustParseAddrPort("192.0.2.2:4000")
)

// newGate returns a gate whose secrets come from a fixed seed.
func newGate(t testing.TB, cfg Config) *Gate {
	t.Helper()
	return New(newSecrets(t, CookieLifetime), cfg)
}

func newSecrets(t testing.TB, lifetime time.Duration) *Secrets {
	t.Helper()
	s, err := NewSecrets(rand.NewChaCha8([32]byte{1}), lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newHello returns a hello as a client sends it first.
func newHello() wire.ClientHello {
	return wire.ClientHello{
		Version:            wire.VersionDTLS12,
		Random:             [32]byte{1, 2, 3},
		SessionID:          []byte{4, 5},
		CipherSuites:       wire.AppendUint16s(nil, wire.TLS_PSK_WITH_AES_128_GCM_SHA256, wire.TLS_PSK_WITH_AES_128_CCM_8),
		CompressionMethods: []byte{0},
		Extensions:         wire.ClientExtensions{ExtendedMasterSecret: true}.AppendTo(nil),
	}
}

// A position is where a message stands in the stream of a client.
type position struct {
	record  uint64
	message uint16
}

// datagramOf returns the datagram that carries hello.
func datagramOf(hello wire.ClientHello, at position) []byte {
	body := hello.AppendTo(nil)
	return recordOf(at.record, wholeFragment(body, at.message))
}

func wholeFragment(body []byte, seq uint16) wire.Fragment {
	return wire.Fragment{Type: wire.TypeClientHello, Length: uint32(len(body)), Seq: seq, Body: body}
}

// recordOf returns a handshake record of epoch 0 that holds the fragments.
func recordOf(seq uint64, fragments ...wire.Fragment) []byte {
	var payload []byte
	for _, f := range fragments {
		payload = f.AppendTo(payload)
	}
	return append(wire.AppendRecordHeader(nil, wire.ContentHandshake, wire.VersionDTLS10, 0, seq, len(payload)), payload...)
}

// fragmentsOf cuts body into fragments of at most size bytes.
func fragmentsOf(body []byte, seq uint16, size int) []wire.Fragment {
	var fragments []wire.Fragment
	for from := 0; from < len(body); from += size {
		f := wholeFragment(body, seq)
		f.Offset, f.Body = uint32(from), body[from:min(len(body), from+size)]
		fragments = append(fragments, f)
	}
	return fragments
}

// wantDrop checks that the gate drops the datagram for that reason.
func wantDrop(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte, want wire.Drop) {
	t.Helper()
	v, reply := g.Receive(now, peer, datagram, []byte("kept"))
	if v.Action != Drop || v.Drop != want || string(reply) != "kept" {
		t.Errorf("%v, reason %v, reply %q; want drop for %v", v.Action, v.Drop, reply, want)
	}
}

// wantKept checks that the gate keeps the datagram: it is part of a hello.
func wantKept(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte) {
	t.Helper()
	v, reply := g.Receive(now, peer, datagram, []byte("kept"))
	if v.Action != Keep || string(reply) != "kept" {
		t.Errorf("%v, reason %v, reply %q; want it to be kept", v.Action, v.Drop, reply)
	}
}

// wantCookie checks that the gate answers the datagram with a HelloVerifyRequest, whose sequence numbers
// are those, and returns its cookie.
func wantCookie(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte, at position) []byte {
	t.Helper()
	v, reply := g.Receive(now, peer, datagram, nil)
	if v.Action != Reply {
		t.Fatalf("%v, reason %v; want a reply", v.Action, v.Drop)
	}
	if len(reply) > len(datagram) {
		t.Errorf("reply of %d bytes to %d", len(reply), len(datagram))
	}
	record, rest, err := wire.ParseRecord(reply)
	if err != nil || len(rest) != 0 {
		t.Fatalf("reply %x: %v", reply, err)
	}
	if record.Type != wire.ContentHandshake || record.Version != wire.VersionDTLS10 || record.Epoch != 0 || record.Seq != at.record {
		t.Errorf("record of the reply: %+v, want sequence number %d", record, at.record)
	}
	f, rest, err := wire.ParseFragment(record.Payload)
	if err != nil || len(rest) != 0 || !f.Whole() {
		t.Fatalf("reply %x: %v", reply, err)
	}
	if f.Type != wire.TypeHelloVerifyRequest || f.Seq != at.message {
		t.Errorf("message of the reply: %v %d, want message_seq %d", f.Type, f.Seq, at.message)
	}
	request, err := wire.ParseHelloVerifyRequest(f.Body)
	if err != nil || request.Version != wire.VersionDTLS10 || len(request.Cookie) != 32 {
		t.Fatalf("request %+v: %v", request, err)
	}
	return request.Cookie
}

// wantAdmit checks that the gate admits the datagram with that hello.
func wantAdmit(t *testing.T, g *Gate, now time.Time, peer netip.AddrPort, datagram []byte, hello wire.ClientHello, at position) Verdict {
	t.Helper()
	v, reply := g.Receive(now, peer, datagram, nil)
	if v.Action != Admit || reply != nil {
		t.Fatalf("%v, reason %v; want to be admitted", v.Action, v.Drop)
	}
	if !bytes.Equal(v.Hello, hello.AppendTo(nil)) || v.MessageSeq != at.message || v.RecordSeq != at.record {
		t.Errorf("admitted record %d, message %d: %x\nwant record %d, message %d: %x",
			v.RecordSeq, v.MessageSeq, v.Hello, at.record, at.message, hello.AppendTo(nil))
	}
	return v
}

func TestGateAdmitsAfterTheCookie(t *testing.T) {
	g := newGate(t, Config{})
	hello := newHello()
	hello.Cookie = wantCookie(t, g, start, alice, datagramOf(hello, position{0, 0}), position{0, 0})
	v := wantAdmit(t, g, start.Add(time.Second), alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
	if len(v.Rest) != 0 {
		t.Errorf("rest %x", v.Rest)
	}
}

func TestReplyMirrorsTheSequenceNumbers(t *testing.T) {
	g := newGate(t, Config{})
	for _, at := range []position{{0, 0}, {7, 1}, {wire.MaxRecordSeq, 1<<16 - 1}} {
		wantCookie(t, g, start, alice, datagramOf(newHello(), at), at)
	}
}

func TestReplyIsAppended(t *testing.T) {
	g := newGate(t, Config{})
	v, reply := g.Receive(start, alice, datagramOf(newHello(), position{}), []byte("batch"))
	if v.Action != Reply || len(reply) != len("batch")+challengeLen || string(reply[:5]) != "batch" {
		t.Errorf("%v: %q", v.Action, reply)
	}
}

func TestGateHandsOverTheRestOfTheDatagram(t *testing.T) {
	g := newGate(t, Config{Cookies: Never})
	hello, tail := newHello(), []byte{22, 1, 2}
	v := wantAdmit(t, g, start, alice, append(datagramOf(hello, position{3, 1}), tail...), hello, position{3, 1})
	if !bytes.Equal(v.Rest, tail) {
		t.Errorf("rest %x, want %x", v.Rest, tail)
	}
}

func TestGateWithoutCookiesAdmitsAtOnce(t *testing.T) {
	g := newGate(t, Config{Cookies: Never})
	hello := newHello()
	wantAdmit(t, g, start, alice, datagramOf(hello, position{}), hello, position{})
	fragments := fragmentsOf(hello.AppendTo(nil), 0, 40)
	wantKept(t, g, start, alice, recordOf(1, fragments[0]))
	wantAdmit(t, g, start, alice, recordOf(2, fragments[1]), hello, position{2, 0})
}

func TestGateDropsEverythingElse(t *testing.T) {
	hello := newHello().AppendTo(nil)
	record := func(t wire.ContentType, v wire.Version, epoch uint16, payload []byte) []byte {
		return append(wire.AppendRecordHeader(nil, t, v, epoch, 0, len(payload)), payload...)
	}
	message := func(t wire.HandshakeType, body []byte) []byte {
		return append(wire.AppendMessageHeader(nil, t, 0, len(body)), body...)
	}
	ofVersion := func(v wire.Version) []byte {
		h := newHello()
		h.Version = v
		return datagramOf(h, position{})
	}
	handshake, v10, v12 := wire.ContentHandshake, wire.VersionDTLS10, wire.VersionDTLS12
	tests := []struct {
		name     string
		datagram []byte
		want     wire.Drop
	}{
		{"nothing", nil, wire.DropEmptyDatagram},
		{"a byte", []byte{22}, wire.DropMalformedRecord},
		{"text", []byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), wire.DropMalformedRecord},
		{"record cut off", datagramOf(newHello(), position{})[:60], wire.DropMalformedRecord},
		{"application data", record(wire.ContentApplicationData, v12, 0, []byte("hello")), wire.DropUnknownPeer},
		{"protected record of a lost session", record(wire.ContentApplicationData, v12, 1, make([]byte, 40)), wire.DropUnknownPeer},
		{"protected handshake", record(handshake, v12, 1, message(wire.TypeClientHello, hello)), wire.DropUnknownPeer},
		{"alert", record(wire.ContentAlert, v12, 0, []byte{2, 40}), wire.DropUnknownPeer},
		{"connection ID", record(wire.ContentCID, v12, 1, make([]byte, 40)), wire.DropUnknownPeer},
		{"client key exchange", record(handshake, v12, 0, message(wire.TypeClientKeyExchange, []byte{0, 0})), wire.DropUnknownPeer},
		{"record of TLS", record(handshake, 0x0303, 0, message(wire.TypeClientHello, hello)), wire.DropUnsupportedVersion},
		{"hello of TLS", ofVersion(0x0303), wire.DropUnsupportedVersion},
		{"hello of the oldest OpenSSL", ofVersion(0x0100), wire.DropUnsupportedVersion},
		{"hello older than DTLS 1.0", ofVersion(0xffff), wire.DropUnsupportedVersion},
		{"record without a message", record(handshake, v10, 0, nil), wire.DropMalformedHello},
		{"message cut off", record(handshake, v10, 0, message(wire.TypeClientHello, hello)[:40]), wire.DropMalformedHello},
		{"message header cut off", record(handshake, v10, 0, []byte{1, 0}), wire.DropMalformedHello},
		{"empty hello", record(handshake, v10, 0, message(wire.TypeClientHello, nil)), wire.DropMalformedHello},
		{"hello with a byte too many", record(handshake, v10, 0, message(wire.TypeClientHello, append(hello[:len(hello):len(hello)], 0))), wire.DropMalformedHello},
		{"first reason of two", append(record(wire.ContentAlert, v12, 0, []byte{2, 40}), 22), wire.DropUnknownPeer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, policy := range []Policy{Always, Never} {
				wantDrop(t, newGate(t, Config{Cookies: policy}), start, alice, test.datagram, test.want)
			}
		})
	}
}

// The handshake answers these, with protocol_version or with DTLS 1.2: not before a cookie, though.
func TestGateLetsEveryVersionOfDTLSThrough(t *testing.T) {
	for _, version := range []wire.Version{wire.VersionDTLS10, wire.VersionDTLS12, wire.VersionDTLS13, 0xfe00, 0xfd00} {
		g := newGate(t, Config{})
		hello := newHello()
		hello.Version = version
		hello.Cookie = wantCookie(t, g, start, alice, datagramOf(hello, position{}), position{})
		wantAdmit(t, g, start, alice, datagramOf(hello, position{1, 1}), hello, position{1, 1})
	}
}

func TestHelloBehindOtherRecordsIsFound(t *testing.T) {
	g := newGate(t, Config{})
	stray := append(wire.AppendRecordHeader(nil, wire.ContentAlert, wire.VersionDTLS12, 1, 9, 2), 1, 0)
	wantCookie(t, g, start, alice, append(stray, datagramOf(newHello(), position{5, 0})...), position{5, 0})
}

func TestKeptFragmentIsTheReasonThatCounts(t *testing.T) {
	stray := append(wire.AppendRecordHeader(nil, wire.ContentAlert, wire.VersionDTLS12, 1, 9, 2), 1, 0)
	fragment := recordOf(5, fragmentsOf(newHello().AppendTo(nil), 0, 20)[1])
	for _, datagram := range [][]byte{append(stray, fragment...), append(fragment, stray...)} {
		wantKept(t, newGate(t, Config{}), start, alice, datagram)
	}
}

func TestIsClientHello(t *testing.T) {
	hello := newHello()
	protected := datagramOf(hello, position{})
	protected[4] = 1 // the epoch
	finished := datagramOf(hello, position{})
	finished[wire.RecordHeaderLen] = byte(wire.TypeFinished)
	tests := []struct {
		name     string
		datagram []byte
		want     bool
	}{
		{"whole hello", datagramOf(hello, position{}), true},
		{"fragment", recordOf(0, fragmentsOf(hello.AppendTo(nil), 0, 20)[1]), true},
		{"nothing", nil, false},
		{"record without a message", recordOf(0), false},
		{"protected record", protected, false},
		{"other message", finished, false},
	}
	for _, test := range tests {
		if got := IsClientHello(test.datagram); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestR24NothingIsAllocatedBeforeACookieIsGood(t *testing.T) {
	g := newGate(t, Config{})
	hello := newHello()
	first := datagramOf(hello, position{})
	hello.Cookie = wantCookie(t, g, start, alice, first, position{})
	good := datagramOf(hello, position{1, 1})
	badMAC := bytes.Clone(good)
	badMAC[len(badMAC)-30] ^= 1
	fragments := fragmentsOf(hello.AppendTo(nil), 1, 80)
	malformed := datagramOf(hello, position{})
	malformed[len(malformed)-5]++ // the length of the extensions
	tests := []struct {
		name     string
		datagram []byte
		action   Action
		reason   wire.Drop
	}{
		{"hello without a cookie", first, Reply, wire.DropNone},
		{"hello with a good cookie", good, Admit, wire.DropNone},
		{"hello with a bad cookie", badMAC, Reply, wire.DropNone},
		{"malformed hello", malformed, Drop, wire.DropMalformedHello},
		{"first fragment", recordOf(1, fragments[0]), Keep, wire.DropNone},
		{"all fragments", recordOf(1, fragments...), Admit, wire.DropNone},
		{"junk", []byte("0123456789abcdef0123456789abcdef"), Drop, wire.DropMalformedRecord},
		{"nothing", nil, Drop, wire.DropEmptyDatagram},
	}
	reply := make([]byte, 0, 256)
	for _, test := range tests {
		allocs := testing.AllocsPerRun(100, func() {
			if v, _ := g.Receive(start, alice, test.datagram, reply); v.Action != test.action || v.Drop != test.reason {
				t.Fatalf("%s: %v, reason %v", test.name, v.Action, v.Drop)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", test.name, allocs)
		}
	}
}

func TestR24MemoryDoesNotFollowTheNumberOfSenders(t *testing.T) {
	g := newGate(t, Config{})
	hello := newHello()
	whole := datagramOf(hello, position{})
	part := recordOf(0, fragmentsOf(hello.AppendTo(nil), 0, 20)[1])
	reply := make([]byte, 0, 256)
	send := func(senders int) {
		for i := range senders {
			peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)
			g.Receive(start, peer, whole, reply)
			g.Receive(start, peer, part, reply)
		}
	}
	send(2 * DefaultRingSlots)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	send(100_000)
	runtime.ReadMemStats(&after)
	// A few objects are the runtime's own.
	if grown := after.Mallocs - before.Mallocs; grown > 100 {
		t.Errorf("100,000 senders made %d allocations", grown)
	}
}

func BenchmarkReceive(b *testing.B) {
	g := newGate(b, Config{AnswerRate: -1})
	hello := newHello()
	first := datagramOf(hello, position{})
	_, reply := g.Receive(start, alice, first, nil)
	hello.Cookie = bytes.Clone(reply[len(reply)-cookieLen:])
	good := datagramOf(hello, position{1, 1})
	hello.Cookie[cookieLen-1] ^= 1
	bad := datagramOf(hello, position{1, 1})
	body := hello.AppendTo(nil)
	benchmarks := []struct {
		name     string
		datagram []byte
		want     Action
	}{
		{"no cookie", first, Reply},
		{"good cookie", good, Admit},
		{"bad cookie", bad, Reply},
		{"fragment", recordOf(0, fragmentsOf(body, 0, len(body)/2)[1]), Keep},
		{"junk", bytes.Repeat([]byte{0xfe}, 100), Drop},
	}
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, _ := g.Receive(start, alice, bench.datagram, reply[:0]); v.Action != bench.want {
					b.Fatal(v.Action, v.Drop)
				}
			}
		})
	}
}

func ExampleGate() {
	secrets, _ := NewSecrets(rand.NewChaCha8([32]byte{}), CookieLifetime)
	g := New(secrets, Config{})
	hello := newHello()
	v, reply := g.Receive(start, alice, datagramOf(hello, position{0, 0}), nil)
	fmt.Println(v.Action)
	hello.Cookie = reply[len(reply)-cookieLen:]
	v, _ = g.Receive(start, alice, datagramOf(hello, position{1, 1}), nil)
	fmt.Println(v.Action)
	v, _ = g.Receive(start, bob, datagramOf(hello, position{1, 1}), nil)
	fmt.Println(v.Action)
	// Output:
	// reply
	// admit
	// reply
}
