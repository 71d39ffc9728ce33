package engine_test

import (
	"cmp"
	"crypto/sha256"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A door answers hellos as a server does that keeps nothing of them.
type door struct {
	suite  *suite.Suite13
	share  wire.Group // to ask for; 0 for none
	cookie string
}

// ask returns the HelloRetryRequest for a hello, and what an engine has to know
// of it.
func (d door) ask(hello engine.Hello) ([]byte, *engine.Retry) {
	body := wire.HelloRetryRequest{CipherSuite: d.suite.ID, Group: d.share, Cookie: []byte(d.cookie)}.AppendTo(nil)
	datagram := wire.AppendRecordHeader(nil, wire.ContentHandshake, wire.VersionDTLS12, 0, hello.RecordSeq, wire.FragmentHeaderLen+len(body))
	datagram = wire.AppendMessageHeader(datagram, wire.TypeServerHello, hello.MessageSeq, len(body))
	hash := sha256.New()
	hash.Write(wire.AppendMessageHeader13(nil, wire.TypeClientHello, len(hello.Body)))
	hash.Write(hello.Body)
	return append(datagram, body...), &engine.Retry{
		Suite:     d.suite,
		Group:     cmp.Or(d.share, wire.GroupP256), // of which the first hello has a share
		Share:     d.share != 0,
		HelloHash: hash.Sum(nil),
		Cookie:    []byte(d.cookie),
	}
}

// takeHello returns the hello that the client has to send.
func takeHello(t *testing.T, p *dtlstest.Pair) (engine.Hello, wire.ClientExtensions) {
	t.Helper()
	out := p.Client.Take()
	if len(out) != 1 {
		t.Fatalf("client sends %d datagrams, want a hello", len(out))
	}
	hello, ok := dtlstest.WholeHello(out[0])
	if !ok {
		t.Fatal("client sends something else than a hello")
	}
	parsed, err := wire.ParseClientHello(hello.Body)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := wire.ParseClientExtensions13(parsed.Extensions)
	if err != nil {
		t.Fatal(err)
	}
	return hello, ext
}

// enter has a server begin with the client's hello and what the door said.
func enter(t *testing.T, p *dtlstest.Pair, retry *engine.Retry) {
	t.Helper()
	hello, _ := takeHello(t, p)
	hello.Retry = retry
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello, p.PrepareServer)
	p.Connect()
	if !p.Client.State().Retried || !p.Server.State().Retried {
		t.Error("nobody remembers the hello_retry_request")
	}
	wantEcho(t, p)
}

func TestServerBeginsWithAVerifiedCookie(t *testing.T) {
	aes128 := suite.Lookup13(wire.TLS_AES_128_GCM_SHA256)
	for _, d := range []door{{aes128, 0, "cookie"}, {aes128, wire.GroupX25519, "cookie"}, {aes128, wire.GroupP384, "cookie"}} {
		for _, options := range [][]dtlstest.Option{{withCertificates}, {}} {
			p := dtlstest.NewPair(t, 1, append(options, dtls13)...)
			hello, _ := takeHello(t, p)
			request, retry := d.ask(hello)
			p.Client.Receive(p.Now, request)
			enter(t, p, retry)
		}
	}
}

func TestServerWantsTheCookieThatWasVerified(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	hello, _ := takeHello(t, p)
	request, retry := door{suite: suite.All13()[0], cookie: "cookie"}.ask(hello)
	p.Client.Receive(p.Now, request)
	second, _ := takeHello(t, p)
	retry.Cookie = []byte("another")
	second.Retry = retry
	s := dtlstest.NewServer(p.ServerConfig, p.Now, second)
	if alert, ok := lastAlert(t, s); !ok || !s.Over || alert.Description != wire.AlertIllegalParameter {
		t.Errorf("ended %t with %v", s.Over, alert)
	}
}

// R26: a server that does not know the cookie says illegal_parameter, which
// anyone can, and the client begins once more without one.
func TestR26ClientBeginsOnceMoreWithoutACookie(t *testing.T) {
	alert := plaintext(wire.ContentAlert, wire.Alert{Level: wire.AlertFatal, Description: wire.AlertIllegalParameter}.AppendTo(nil))
	p := dtlstest.NewPair(t, 1, dtls13)
	first, _ := takeHello(t, p)
	request, _ := door{suite: suite.All13()[0], cookie: "stale"}.ask(first)
	p.Client.Receive(p.Now, request)
	if _, ext := takeHello(t, p); string(ext.Cookie) != "stale" {
		t.Fatalf("cookie %q", ext.Cookie)
	}
	p.Client.Receive(p.Now, alert)
	if p.Client.Over {
		t.Fatal("anyone can end the handshake")
	}

	p.Advance(engine.DefaultRetransmitInitial)
	again, ext := takeHello(t, p)
	if ext.Cookie != nil || again.MessageSeq != 2 {
		t.Fatalf("hello %d has cookie %q", again.MessageSeq, ext.Cookie)
	}
	request, retry := door{suite: suite.All13()[0], cookie: "fresh"}.ask(again)
	p.Client.Receive(p.Now, request)
	enter(t, p, retry)

	// A second time would be without end.
	q := dtlstest.NewPair(t, 1, dtls13)
	for range 2 {
		hello, _ := takeHello(t, q)
		request, _ := door{suite: suite.All13()[0], cookie: "stale"}.ask(hello)
		q.Client.Receive(q.Now, request)
		q.Client.Take()
		q.Client.Receive(q.Now, alert)
		q.Advance(engine.DefaultRetransmitInitial)
	}
	if !q.Client.Over {
		t.Error("the client begins again and again")
	}
}

// R25: a client follows one HelloRetryRequest.
func TestR25ClientFollowsOneHelloRetryRequest(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	for i, cookie := range []string{"one", "two"} {
		hello, _ := takeHello(t, p)
		request, _ := door{suite: suite.All13()[0], cookie: cookie}.ask(hello)
		p.Client.Receive(p.Now, request)
		if over := i == 1; p.Client.Over != over {
			t.Errorf("after request %d: %v", i, p.Client.Err)
		}
	}
}
