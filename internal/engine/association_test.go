package engine_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestBothSidesExportTheSameKeyingMaterial(t *testing.T) {
	for _, s := range []*suite.Suite{plainPSK, ecdsa, rsa} {
		p := connected(t, only(s))
		seen := map[string]bool{}
		for _, test := range []struct {
			label      string
			context    []byte
			hasContext bool
		}{
			{"EXTRACTOR-dtls_srtp", nil, false},
			{"EXTRACTOR-dtls_srtp", nil, true},
			{"EXTRACTOR-dtls_srtp", []byte("a context"), true},
			{"EXPERIMENTAL another label", nil, false},
		} {
			ours, err := p.Client.ExportKeyingMaterial(test.label, test.context, test.hasContext, 60)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := p.Server.ExportKeyingMaterial(test.label, test.context, test.hasContext, 60)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(ours, theirs) || len(ours) != 60 {
				t.Errorf("%v: %+v: %x and %x", s, test, ours, theirs)
			}
			if seen[string(ours)] {
				t.Errorf("%v: %+v gives what another gave", s, test)
			}
			seen[string(ours)] = true
		}
		if key, err := p.Client.ExportKeyingMaterial("key expansion", nil, false, 16); err == nil {
			t.Errorf("%v: exports %x under a label of the handshake", s, key)
		}
	}
}

func TestKeyLogHasTheSameLineOnBothSides(t *testing.T) {
	inEveryWay(t, func(t *testing.T, w way) {
		logging := both(func(cfg *engine.Config) { cfg.KeyLog = true })
		options, _ := w.prepare(t, logging)
		for _, p := range []*dtlstest.Pair{connected(t, logging), connected(t, options...)} {
			if len(p.Client.Secrets) != 1 || !slices.Equal(p.Client.Secrets, p.Server.Secrets) {
				t.Fatalf("the client logs %q, the server %q", p.Client.Secrets, p.Server.Secrets)
			}
			fields := strings.Fields(p.Client.Secrets[0])
			if len(fields) != 3 || fields[0] != "CLIENT_RANDOM" || len(fields[1]) != 64 || len(fields[2]) != 96 {
				t.Errorf("line %q", p.Client.Secrets[0])
			}
		}
	})
	if p := connected(t); len(p.Client.Secrets)+len(p.Server.Secrets) > 0 {
		t.Error("secrets are logged without being asked for")
	}
}

func TestTraceShowsEveryMessageOnce(t *testing.T) {
	p := connected(t, only(ecdsa), both(func(cfg *engine.Config) { cfg.Trace = true }),
		server(func(cfg *engine.Config) { cfg.ClientAuth = engine.RequestClientCert }))
	want := "client_hello server_hello certificate server_key_exchange certificate_request server_hello_done " +
		"certificate client_key_exchange certificate_verify finished finished"
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		var names []string
		for _, m := range e.Messages {
			names = append(names, m.Type.String())
			if m.Length != len(m.Body) {
				t.Errorf("%v: %v of %d bytes shows %d", e.Side(), m.Type, m.Length, len(m.Body))
			}
			fromClient := m.Type == wire.TypeClientHello || m.Type == wire.TypeClientKeyExchange || m.Type == wire.TypeCertificateVerify
			if fromClient && m.Sent != (e.Side() == engine.Client) {
				t.Errorf("%v: %v sent: %v", e.Side(), m.Type, m.Sent)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%v shows %q, want %q", e.Side(), got, want)
		}
	}
	if p := connected(t); len(p.Client.Messages)+len(p.Server.Messages) > 0 {
		t.Error("messages are shown without being asked for")
	}
}

func TestTrimmedAssociationGoesOnWhereItWas(t *testing.T) {
	for _, s := range suite.All() {
		p := connected(t, only(s))
		replay := sayTwice(t, p)
		p.Client.Trim()
		p.Server.Trim()
		if p.Client.Expanded() || p.Server.Expanded() {
			t.Errorf("%v: expanded keys are left", s)
		}
		p.ToServer(replay)
		wantDrop(t, p.Server, wire.DropReplay, 1, "a record from before")
		wantEcho(t, p)
		p.Server.Trim()
		wantEcho(t, p)
	}
}

func TestStateTellsWhatWasAgreedUpon(t *testing.T) {
	p := connected(t, only(ecdhePSK), server(func(cfg *engine.Config) { cfg.PSKHint = []byte("hint") }))
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		s := e.State()
		if s.Version != wire.VersionDTLS12 || s.Suite != ecdhePSK || s.Group != wire.GroupP256 || s.Resumed || !s.ExtendedMasterSecret ||
			string(s.Identity) != "client" || string(s.Hint) != "hint" || s.ServerName != "" || s.ALPN != "" || s.SRTPProfile != 0 {
			t.Errorf("%v agreed on %+v", e.Side(), s)
		}
	}
	if p.Client.Side() != engine.Client || p.Server.Side() != engine.Server {
		t.Error("the sides do not know which they are")
	}
}

func TestRecordsOfAnEstablishedPairAllocateNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	for _, s := range suite.Default() {
		p := connected(t, only(s))
		wantEcho(t, p)
		payload, buffer := make([]byte, 1200), make([]byte, 0, 2048)
		n := testing.AllocsPerRun(100, func() {
			datagram, err := p.Client.Send(buffer, payload)
			if err != nil {
				t.Fatal(err)
			}
			p.Server.Association.Receive(p.Now, datagram)
			if e := p.Server.Next(); e.Kind != engine.EventData || len(e.Data) != len(payload) {
				t.Fatalf("event %+v", e)
			}
			if e := p.Server.Next(); e.Kind != engine.EventNone {
				t.Fatalf("event %+v", e)
			}
		})
		if n > 0 {
			t.Errorf("%v: %v allocations for a record sent and received", s, n)
		}
	}
}

func TestForgedRecordsAllocateNothing(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	p := connected(t)
	for name, datagram := range map[string][]byte{
		"not authentic":    renumbered(t, said(t, p, "a datagram"), 1, 99),
		"no record":        []byte("junk"),
		"plaintext":        plaintext(wire.ContentApplicationData, []byte("data")),
		"another epoch":    renumbered(t, said(t, p, "a datagram"), 7, 99),
		"a client's hello": message(wire.TypeClientHello, 0, make([]byte, 200)),
	} {
		buffer := slices.Clone(datagram)
		n := testing.AllocsPerRun(100, func() {
			copy(buffer, datagram)
			p.Server.Association.Receive(p.Now, buffer)
			for p.Server.Next().Kind != engine.EventNone {
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
