package engine_test

import (
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// hearing returns a pair whose client has said hello, of which the server
// hears another one.
func hearing(t *testing.T, change func(hello *wire.ClientHello, ext *wire.ClientExtensions), options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	p := dtlstest.NewPair(t, 1, append(options, dtls13, withCertificates, traced)...)
	hello, ext := takeHello(t, p)
	parsed, err := wire.ParseClientHello(hello.Body)
	if err != nil {
		t.Fatal(err)
	}
	change(&parsed, &ext)
	parsed.Extensions = ext.AppendTo(nil)
	hello.Body = parsed.AppendTo(nil)
	p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, hello)
	return p
}

// RFC 9147, Sections 4, 5.1 and 5.3.
func TestFirstHelloOf13(t *testing.T) {
	p := dtlstest.NewPair(t, 1, dtls13)
	r := records(t, p.Client.Outbox[0])[0]
	hello, ext := takeHello(t, p)
	parsed, err := wire.ParseClientHello(hello.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.Version != wire.VersionDTLS10 && r.Version != wire.VersionDTLS12 || parsed.Version != wire.VersionDTLS12 ||
		len(parsed.Cookie)+len(parsed.SessionID) > 0 || ext.Cookie != nil {
		t.Errorf("record of %v, hello of %v, cookies %x and %x, session ID %x", r.Version, parsed.Version, parsed.Cookie, ext.Cookie, parsed.SessionID)
	}
	var versions []wire.Version
	for v := range ext.SupportedVersions.All() {
		versions = append(versions, wire.Version(v))
	}
	if len(versions) != 2 || versions[0] != wire.VersionDTLS13 || versions[1] != wire.VersionDTLS12 {
		t.Errorf("supported versions %v", versions)
	}
}

func TestPlaintextRecordsOf13HaveTheVersionOf12(t *testing.T) {
	p := dtlstest.NewPair(t, 1, retrying...)
	p.FlushClient()
	for range 2 {
		for _, e := range []*dtlstest.Endpoint{p.Server, p.Client} {
			out := e.Take()
			for _, record := range splitRecords13(t, out[0]) {
				if wire.RecordKindOf(record[0]) != wire.RecordUnified && wire.Version(uint16(record[1])<<8|uint16(record[2])) != wire.VersionDTLS12 {
					t.Errorf("%v sends a record that begins with %x", e.Side(), record[:3])
				}
			}
			for _, datagram := range out {
				if e == p.Client {
					p.ToServer(datagram)
				} else {
					p.Client.Receive(p.Now, datagram)
				}
			}
		}
	}
	p.Connect()
}

func TestServerTakesNoCookieOf12InAHelloOf13(t *testing.T) {
	p := hearing(t, func(hello *wire.ClientHello, _ *wire.ClientExtensions) { hello.Cookie = []byte("cookie") })
	wantRefused(t, p.Server, wire.AlertIllegalParameter, "a cookie of DTLS 1.2")
}

// RFC 8446, Section 4.2.10: a server that takes no early data does as if it were
// not there.
func TestEarlyDataIsSkipped(t *testing.T) {
	p := hearing(t, func(_ *wire.ClientHello, ext *wire.ClientExtensions) { ext.EarlyData = true })
	m, err := wire.ParseEncryptedExtensions(sentBody(t, p.Server, wire.TypeEncryptedExtensions))
	if err != nil {
		t.Fatal(err)
	}
	ext, err := wire.ParseServerExtensions13(wire.InEncryptedExtensions, m.Extensions)
	if err != nil || ext.EarlyData {
		t.Errorf("early data accepted: %t, %v", ext.EarlyData, err)
	}
	p.ToServer(append([]byte{0x2d, 0, 0, 0, 40}, make([]byte, 40)...))
	wantDrop(t, p.Server, wire.DropEarlyData, 1, "a record of epoch 1")
	if p.Server.Over {
		t.Error(p.Server.Err)
	}
}

// RFC 8446, Section 4.2.1.
func TestServerThatChooses12DoesNotSelectAVersion(t *testing.T) {
	p := connected(t, dtls13, traced, server(func(cfg *engine.Config) { cfg.Versions = only12Spoken }))
	hello, err := wire.ParseServerHello(sentBody(t, p.Server, wire.TypeServerHello))
	if err != nil {
		t.Fatal(err)
	}
	ext, err := wire.ParseServerExtensions13(wire.InServerHello13, hello.Extensions)
	if err != nil || ext.SelectedVersion != 0 {
		t.Errorf("selects %v: %v", ext.SelectedVersion, err)
	}
}

// RFC 8446, Section 4.3.2.
func TestNoCertificateIsAskedForWithAPreSharedKey(t *testing.T) {
	p := connected(t, dtls13, traced, server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequireClientCert }))
	if string(p.Server.State().Identity) != "client" {
		t.Fatalf("no pre-shared key: %+v", p.Server.State())
	}
	for _, m := range p.Server.Messages {
		if m.Type == wire.TypeCertificateRequest || m.Type == wire.TypeCertificate {
			t.Errorf("%v with a pre-shared key", m.Type)
		}
	}
}

// RFC 8446, Section 4.6.1: a ticket lives for a week at most, and not at all
// without a lifetime.
func TestLifeOfATicketOf13(t *testing.T) {
	p := connected(t, dtls13, traced, client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1); cfg.SessionLife = 30 * 24 * time.Hour }))
	m, err := wire.ParseNewSessionTicket13(sentBody(t, p.Server, wire.TypeNewSessionTicket))
	if err != nil || m.Lifetime != 7*24*60*60 || len(p.Client.Stored) != 1 {
		t.Fatalf("lifetime %d, %d stored: %v", m.Lifetime, len(p.Client.Stored), err)
	}
	m.Lifetime = 0
	p.Client.Receive(p.Now, p.Server.SealAs(wire.ContentHandshake, late(wire.TypeNewSessionTicket, p.Client.PeerSeq(), m.AppendTo(nil))))
	if p.Client.Over || len(p.Client.Stored) != 1 {
		t.Errorf("%d stored: %v", len(p.Client.Stored), p.Client.Err)
	}
}

// RFC 9147, Section 9.
func TestConnectionIDsAreAskedForOnceAtATime(t *testing.T) {
	p := connected(t, dtls13, withCIDs(0, 8))
	quiet(p)
	for i := range 2 {
		if err := p.Client.RequestCIDs(p.Now, 1); err != nil {
			t.Fatal(err)
		}
		p.Client.Drain(p.Now)
		if sent := p.Client.Take(); len(sent) != 1-i {
			t.Errorf("request %d: %d datagrams", i, len(sent))
		}
	}
}
