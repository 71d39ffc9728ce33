package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 6347, Section 4.2.1: a cookie has 0 to 255 bytes.
func TestClientFollowsARequestWithAnEmptyCookieOnce(t *testing.T) {
	p := dtlstest.NewPair(t, 1)
	first := fragments(t, p.Client.Take()...)[0]
	request := wire.HelloVerifyRequest{Version: wire.VersionDTLS10}.AppendTo(nil)
	p.Client.Receive(p.Now, message(wire.TypeHelloVerifyRequest, 0, request))
	second := p.Client.Take()
	if len(second) != 1 {
		t.Fatalf("%d datagrams in answer to a request", len(second))
	}
	hello := fragments(t, second...)[0]
	if string(hello.Body) != string(first.Body) || hello.Seq != first.Seq+1 {
		t.Errorf("hello %d differs from hello %d by more than its number", hello.Seq, first.Seq)
	}
	p.Client.Receive(p.Now, message(wire.TypeHelloVerifyRequest, 1, request))
	wantSilent(t, p.Client, "a request for the cookie that the hello has")
	p.ToServer(second[0])
	p.Connect()
}
