package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// waiting returns a pair whose server is there before the client's hello.
func waiting(t *testing.T, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	p := dtlstest.NewPair(t, 1, options...)
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, engine.Hello{Verified: true})
	wantSilent(t, p.Server, "a server without a hello")
	return p
}

func TestServerThatWaitsForTheHelloTakesItInPieces(t *testing.T) {
	p := waiting(t)
	for _, piece := range split(t, p.Client.Take()[0], 1) {
		p.ToServer(piece)
	}
	p.Connect()
	wantEcho(t, p)
}

func TestServerThatWaitsForTheHelloRefusesOtherMessages(t *testing.T) {
	p := waiting(t)
	p.ToServer(message(wire.TypeClientKeyExchange, 0, []byte{1, 2, 3}))
	wantRefused(t, p.Server, wire.AlertUnexpectedMessage, "a key exchange where a hello is awaited")
}

func TestServerThatWaitsForTheHelloRefusesOneThatDoesNotParse(t *testing.T) {
	p := waiting(t)
	p.ToServer(message(wire.TypeClientHello, 0, []byte{1, 2, 3}))
	wantRefused(t, p.Server, wire.AlertDecodeError, "a hello of three bytes")
}

func TestServerThatWaitsForTheHelloPaysForItAtUnprovenAddresses(t *testing.T) {
	p := dtlstest.NewPair(t, 1, only(ecdsa))
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, engine.Hello{})
	hello := p.Client.Take()[0]
	p.ToServer(hello)
	if got, most := p.Server.SentBytes, 3*len(hello); got > most {
		t.Errorf("server sends %d bytes for %d", got, len(hello))
	}
}
