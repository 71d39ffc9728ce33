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

// challenge returns a HelloVerifyRequest in the record of that number.
func challenge(recordSeq uint64, messageSeq uint16, cookie string) []byte {
	body := wire.HelloVerifyRequest{Version: wire.VersionDTLS10, Cookie: []byte(cookie)}.AppendTo(nil)
	f := wire.Fragment{Type: wire.TypeHelloVerifyRequest, Length: uint32(len(body)), Seq: messageSeq, Body: body}
	return encode(wire.Record{
		Type: wire.ContentHandshake, Version: wire.VersionDTLS10, Seq: recordSeq, Payload: f.AppendTo(nil),
	})
}

// wantHello requires that the client sends one hello, of that message_seq and
// with that cookie, and returns the number of its record.
func wantHello(t *testing.T, p *dtlstest.Pair, messageSeq uint16, cookie, sentence string) uint64 {
	t.Helper()
	if len(p.Client.Outbox) != 1 {
		t.Fatalf("%s: the client sends %d datagrams, want a hello", sentence, len(p.Client.Outbox))
	}
	hello := helloOf(t, p)
	f := fragments(t, p.Client.Outbox[0])[0]
	if f.Seq != messageSeq || string(hello.Cookie) != cookie {
		t.Fatalf("%s: hello %d with cookie %q, want %d with %q", sentence, f.Seq, hello.Cookie, messageSeq, cookie)
	}
	return sequenceNumber(t, p.Client.Outbox[0])
}

func TestHelloSaysWhatTheConfigurationAllows(t *testing.T) {
	p := dtlstest.NewPair(t, 1, target(engine.Target{ServerName: "server.example"}), client(func(cfg *engine.Config) {
		cfg.Policy.Suites = []*suite.Suite{ecdhePSK, ecdsa, plainPSK}
		cfg.Policy.Groups = []wire.Group{wire.GroupX25519}
		cfg.Policy.NextProtos = []string{"coap", "syslog"}
		cfg.Policy.SRTPProfiles = []uint16{7, 1}
		cfg.RecordSizeLimit = 512
		cfg.SessionCache = true
	}))
	hello := helloOf(t, p)
	ext, err := wire.ParseClientExtensions(hello.Extensions)
	if err != nil {
		t.Fatal(err)
	}
	want := []uint16{uint16(ecdhePSK.ID), uint16(ecdsa.ID), uint16(plainPSK.ID), uint16(wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)}
	if got := slices.Collect(hello.CipherSuites.All()); !slices.Equal(got, want) {
		t.Errorf("suites %04x, want %04x", got, want)
	}
	if hello.Version != wire.VersionDTLS12 || !bytes.Equal(hello.CompressionMethods, []byte{0}) || len(hello.Cookie)+len(hello.SessionID) > 0 {
		t.Errorf("hello %+v", hello)
	}
	if r := records(t, p.Client.Outbox[0])[0]; r.Version != wire.VersionDTLS10 {
		t.Errorf("record of %v, want the version that every server reads", r.Version)
	}
	if ext.ServerName != "server.example" || ext.RecordSizeLimit != 512 || !ext.ExtendedMasterSecret || !ext.HasSessionTicket ||
		ext.EncryptThenMAC || fmt.Sprintf("%s", ext.ALPN) != "[coap syslog]" || ext.SRTP.Profiles.At(0) != 7 ||
		ext.SupportedGroups.Len() != 1 || ext.SignatureAlgorithms.Len() == 0 || ext.HasConnectionID {
		t.Errorf("extensions %+v", ext)
	}
}

func TestHelloOffersNoSuiteWithoutTheMeansForIt(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(cfg *engine.Config)
		offers func(k suite.KeyExchange) bool
	}{
		{"no key", func(cfg *engine.Config) { cfg.Policy.PSK = false }, suite.KeyExchange.UsesCertificate},
		{"no wish for certificates", func(cfg *engine.Config) { cfg.Certificate = false }, suite.KeyExchange.UsesPSK},
	} {
		p := dtlstest.NewPair(t, 1, client(test.change))
		hello := helloOf(t, p)
		for id := range hello.CipherSuites.All() {
			if s := suite.Lookup(wire.CipherSuite(id)); s != nil && !test.offers(s.KeyExchange) {
				t.Errorf("%s: offers %v", test.name, s)
			}
		}
		if n := hello.CipherSuites.Len(); n < 5 {
			t.Errorf("%s: %d suites", test.name, n)
		}
	}
}

func TestR12RandomsComeFromTheSourceAndAreNotZero(t *testing.T) {
	seen := map[[32]byte]bool{{}: true}
	for seed := range uint64(20) {
		p := dtlstest.NewPair(t, seed, both(func(cfg *engine.Config) { cfg.SessionCache = true }))
		ours := helloOf(t, p).Random
		p.FlushClient()
		theirs := serverHelloOf(t, p.Server.Outbox)
		for _, random := range [][32]byte{ours, theirs.Random, [32]byte(theirs.SessionID)} {
			if seen[random] {
				t.Fatalf("seed %d: %x was seen before", seed, random)
			}
			seen[random] = true
		}
	}
}

// zeroes is a source of randomness that is broken.
type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

var errBroken = errors.New("broken for a test")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func TestR12BrokenSourceOfRandomnessIsNotUsed(t *testing.T) {
	for _, source := range []struct {
		change func(cfg *engine.Config)
		want   error
	}{
		{func(cfg *engine.Config) { cfg.Rand = zeroes{} }, engine.ErrNoRandomness},
		{func(cfg *engine.Config) { cfg.Rand = failing{} }, errBroken},
	} {
		p := dtlstest.NewPair(t, 1, client(source.change))
		wantOver(t, p.Client, source.want, "a client without randomness")
		wantSilent(t, p.Client, "nothing is sent")

		for _, s := range []*suite.Suite{plainPSK, ecdsa} {
			p = dtlstest.NewPair(t, 1, only(s), server(source.change))
			p.FlushClient()
			wantOver(t, p.Server, source.want, "a server without randomness")
			wantRefused(t, p.Server, wire.AlertInternalError, "the client is told")
		}
	}
}

func TestHandshakeThroughACookie(t *testing.T) {
	for _, length := range []int{1, 20, 32, 255} {
		cookie := string(numbered(length))
		p := dtlstest.NewPair(t, 1, only(ecdsa))
		first := wantHello(t, p, 0, "", "the first hello")
		before := helloOf(t, p)
		p.Client.Take()
		p.Client.Receive(p.Now, challenge(first, 0, cookie))
		second := wantHello(t, p, 1, cookie, "a hello with the cookie")
		after := helloOf(t, p)
		after.Cookie = nil
		if !bytes.Equal(before.AppendTo(nil), after.AppendTo(nil)) {
			t.Error("the second hello differs from the first in more than its cookie")
		}
		p.FlushClient()
		answer := p.Server.Outbox[0]
		if f := fragments(t, answer)[0]; f.Seq != 1 || sequenceNumber(t, answer) != second {
			t.Errorf("ServerHello is message %d in record %d, want 1 and %d like the hello", f.Seq, sequenceNumber(t, answer), second)
		}
		p.Connect()
		wantEcho(t, p)
	}
}

func numbered(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestCookieStartsTheTimerAnew(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.Advance(time.Second)
	p.Client.Take()
	p.Client.Receive(p.Now, challenge(1, 0, "cookie"))
	wantHello(t, p, 1, "cookie", "a hello with the cookie")
	wantDeadline(t, p, p.Client, time.Second, "a new flight")
	p.Client.Take()
	p.Advance(time.Second)
	wantHello(t, p, 1, "cookie", "the hello is repeated with its cookie")
}

func TestR25RepeatedHelloVerifyRequestIsIgnored(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.Client.Take()
	for i := range 5 {
		p.Client.Receive(p.Now, challenge(uint64(i), 0, "cookie"))
		if i == 0 {
			wantHello(t, p, 1, "cookie", "the first request")
			p.Client.Take()
		}
		wantSilent(t, p.Client, "the same request again")
	}
	p.Client.Receive(p.Now, challenge(7, 1, "cookie"))
	wantSilent(t, p.Client, "the same cookie once more, in its turn")
	p.Advance(time.Second)
	wantHello(t, p, 1, "cookie", "the timer goes on")
	p.Connect()
}

func TestR25AtMostThreeCookiesAreFollowed(t *testing.T) {
	for _, test := range []struct {
		name       string
		messageSeq func(i int) uint16
	}{
		{"a server that goes on from the hello's message_seq", func(i int) uint16 { return uint16(i) }},
		{"a server that begins every answer at zero", func(int) uint16 { return 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := dtlstest.NewPair(t, 1, only(plainPSK))
			number := wantHello(t, p, 0, "", "the first hello")
			p.Client.Take()
			for i := range 3 {
				cookie := fmt.Sprint("cookie ", i)
				p.Client.Receive(p.Now, challenge(number, test.messageSeq(i), cookie))
				number = wantHello(t, p, uint16(i+1), cookie, "another cookie")
				p.Client.Take()
			}
			for i := range 3 {
				p.Client.Receive(p.Now, challenge(number, test.messageSeq(i+2), fmt.Sprint("one more ", i)))
				wantSilent(t, p.Client, "a cookie too many")
			}
			p.Advance(time.Second)
			wantHello(t, p, 3, "cookie 2", "the hello with the last cookie is repeated")
			hello, ext := plainServerHello()
			hello.Extensions = ext.AppendTo(nil)
			p.Client.Receive(p.Now, message(wire.TypeServerHello, test.messageSeq(2)+1, hello.AppendTo(nil)))
			if p.Client.Over || p.Client.Awaits() == "await server_hello" {
				t.Errorf("the server's answer to that hello leads to %q, %v", p.Client.Awaits(), p.Client.Err)
			}
		})
	}
}

func TestAnswerToAnEarlierHelloIsIgnored(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.Advance(time.Second)
	var numbers []uint64
	for _, hello := range p.Client.Take() {
		numbers = append(numbers, sequenceNumber(t, hello))
	}
	if len(numbers) != 2 {
		t.Fatalf("%d hellos in a second", len(numbers))
	}
	// Both hellos arrive, and both are answered, a second apart.
	p.Client.Receive(p.Now, challenge(numbers[0], 0, "first cookie"))
	wantHello(t, p, 1, "first cookie", "the first answer")
	p.FlushClient()
	p.Client.Receive(p.Now, challenge(numbers[1], 0, "second cookie"))
	wantSilent(t, p.Client, "the second answer")
	p.Connect()
	wantEcho(t, p)
}

func TestHelloVerifyRequestAfterServerHelloIsIgnored(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdsa), oneByOne)
	p.FlushClient()
	flight := pieces(t, p.Server.Take()...)
	p.Client.Receive(p.Now, flight[0])
	p.Client.Receive(p.Now, challenge(100, 0, "cookie"))
	wantSilent(t, p.Client, "a request for a cookie when the server has answered")
	for _, datagram := range flight[1:] {
		p.Client.Receive(p.Now, datagram)
	}
	p.Connect()
}

func TestHelloVerifyRequestForAHelloThatWasNotSentIsIgnored(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	hello := p.Client.Take()[0]
	for _, seq := range []uint16{1, 2, 100, 1<<16 - 1} {
		p.Client.Receive(p.Now, challenge(0, seq, "cookie"))
		wantSilent(t, p.Client, "no hello has that message_seq")
	}
	p.ToServer(hello)
	p.Connect()
}

func TestHelloVerifyRequestInPieces(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	p.Client.Take()
	for _, piece := range split(t, challenge(0, 0, "cookie"), 3) {
		p.Client.Receive(p.Now, piece)
	}
	wantHello(t, p, 1, "cookie", "a request in fragments")
}
