package dtlstest

import (
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/gate"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Pair is a client and a server that talk over a perfect network. The
// server comes to life with the first ClientHello: cookies are the gate's.
type Pair struct {
	TB             testing.TB
	Now            time.Time
	Client, Server *Endpoint

	ServerConfig  *engine.Config
	PrepareServer func(*Endpoint)
}

// An Option changes what a pair is made of.
type Option func(*Setup)

// A Setup is what a [Pair] is made of.
type Setup struct {
	Client, Server               engine.Config
	Target                       engine.Target
	PrepareClient, PrepareServer func(*Endpoint)
}

// NewPair returns a pair whose client has its first flight ready.
func NewPair(tb testing.TB, seed uint64, options ...Option) *Pair {
	tb.Helper()
	setup := Setup{
		Client:        Config(2 * seed),
		Server:        Config(2*seed + 1),
		PrepareClient: func(*Endpoint) {},
		PrepareServer: func(*Endpoint) {},
	}
	for _, option := range options {
		option(&setup)
	}
	p := &Pair{
		TB:            tb,
		Now:           Epoch,
		ServerConfig:  setup.Server.Complete(),
		PrepareServer: setup.PrepareServer,
	}
	p.Client = NewClient(setup.Client.Complete(), p.Now, setup.Target, setup.PrepareClient)
	return p
}

// ToServer hands a datagram to the server.
func (p *Pair) ToServer(datagram []byte) {
	if p.Server != nil {
		p.Server.Receive(p.Now, datagram)
		return
	}
	if hello, ok := WholeHello(datagram); ok {
		p.Server = NewServer(p.ServerConfig, p.Now, hello, p.PrepareServer)
		return
	}
	if gate.IsClientHello(datagram) {
		p.Server = NewServer(p.ServerConfig, p.Now, engine.Hello{Verified: true}, p.PrepareServer)
		p.Server.Receive(p.Now, datagram)
	}
}

// WholeHello returns the ClientHello with which a datagram begins, if it is
// whole.
func WholeHello(datagram []byte) (engine.Hello, bool) {
	r, _, err := wire.ParseRecord(datagram)
	if err != nil || r.Type != wire.ContentHandshake || r.Epoch != 0 {
		return engine.Hello{}, false
	}
	f, _, err := wire.ParseFragment(r.Payload)
	if err != nil || f.Type != wire.TypeClientHello || !f.Whole() {
		return engine.Hello{}, false
	}
	return engine.Hello{Body: f.Body, MessageSeq: f.Seq, RecordSeq: r.Seq, Verified: true, Received: len(datagram)}, true
}

// FlushClient delivers what the client has to send.
func (p *Pair) FlushClient() {
	for _, datagram := range p.Client.Take() {
		p.ToServer(datagram)
	}
}

// FlushServer delivers what the server has to send.
func (p *Pair) FlushServer() {
	if p.Server == nil {
		return
	}
	for _, datagram := range p.Server.Take() {
		p.Client.Receive(p.Now, datagram)
	}
}

// Settle delivers datagrams both ways until there are none.
func (p *Pair) Settle() {
	for range 100 {
		p.FlushClient()
		p.FlushServer()
		if len(p.Client.Outbox) == 0 {
			return
		}
	}
	p.TB.Fatal("the two sides do not come to rest")
}

// Advance moves the clock and tells both sides.
func (p *Pair) Advance(d time.Duration) {
	p.Now = p.Now.Add(d)
	p.Client.Timeout(p.Now)
	if p.Server != nil {
		p.Server.Timeout(p.Now)
	}
}

// Connect completes the handshake or ends the test.
func (p *Pair) Connect() {
	p.TB.Helper()
	p.Settle()
	if !p.Client.Established || p.Server == nil || !p.Server.Established {
		p.TB.Fatalf("handshake not complete: client %v; server %v", p.Client.Err, p.serverErr())
	}
}

func (p *Pair) serverErr() error {
	if p.Server == nil {
		return nil
	}
	return p.Server.Err
}
