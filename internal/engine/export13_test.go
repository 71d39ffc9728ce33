package engine_test

import (
	"errors"
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// ackTime is what an ACK waits for more to come.
const ackTime = engine.DefaultRetransmitInitial / 4

// quiet lets both sides acknowledge what they have.
func quiet(p *dtlstest.Pair) {
	for range 3 {
		p.Settle()
		p.Advance(ackTime)
		p.Settle()
	}
}

// updated has a side go on with new keys.
func updated(t *testing.T, p *dtlstest.Pair, e *dtlstest.Endpoint) {
	t.Helper()
	if err := e.KeyUpdate(p.Now, false); err != nil {
		t.Fatal(err)
	}
	e.Drain(p.Now)
	quiet(p)
}

func TestHandoverMovesEverySuiteOf13(t *testing.T) {
	for _, s := range suite.All13() {
		t.Run(s.Name, func(t *testing.T) {
			v, _ := newVault(t)
			p := connected(t, dtls13, only13(s), withCIDs(4, 8), withCertificates)
			quiet(p)
			updated(t, p, p.Client) // now the two directions have different epochs
			before := *p.Server.State()
			replay := sayTwice(t, p)
			sealed, err := p.Server.Handover(p.Now, v)
			if err != nil {
				t.Fatal(err)
			}
			adopt(t, p, v, sealed)
			p.ToServer(replay)
			if p.Server.Drops[wire.DropReplay] != 1 {
				t.Error("a record taken before the handover is taken again after it")
			}
			wantEcho(t, p)
			updated(t, p, p.Server)
			updated(t, p, p.Client)
			wantEcho(t, p)
			if after := p.Server.State(); after.Suite13 != before.Suite13 || after.Version != before.Version {
				t.Errorf("state %+v became %+v", before, after)
			}
			theirs, err := p.Client.ExportKeyingMaterial("EXPORTER-test", nil, false, 32)
			if err != nil {
				t.Fatal(err)
			}
			if ours, err := p.Server.ExportKeyingMaterial("EXPORTER-test", nil, false, 32); err != nil || string(ours) != string(theirs) {
				t.Errorf("exports %x, %v; want %x", ours, err, theirs)
			}
		})
	}
}

func TestR11SnapshotOf13KeepsNumbersWithinReach(t *testing.T) {
	v, _ := newVault(t)
	p := connected(t, dtls13)
	quiet(p)
	sealed, err := p.Server.Snapshot(p.Now, v, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Server.KeyUpdate(p.Now, false); !errors.Is(err, engine.ErrSequenceExhausted) {
		t.Errorf("keys change under a snapshot: %v", err)
	}
	for range 10 {
		wantEcho(t, p)
	}
	adopt(t, p, v, sealed)
	if err := p.Server.Say("from the restored one"); err != nil {
		t.Fatal(err)
	}
	p.FlushServer()
	wantLast(t, p.Client, "from the restored one")
	for range engine.MaxReserve13 {
		p.Client.Say("on the way to numbers that are good again")
	}
	p.FlushClient()
	wantEcho(t, p)
}

func TestNoExportWhileAMessageIsOnItsWay(t *testing.T) {
	v, _ := newVault(t)
	p := connected(t, dtls13)
	quiet(p)
	if err := p.Server.KeyUpdate(p.Now, false); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Server.Handover(p.Now, v); !errors.Is(err, engine.ErrUnacknowledged) {
		t.Errorf("handed over: %v", err)
	}
	p.Server.Drain(p.Now)
	quiet(p)
	if _, err := p.Server.Handover(p.Now, v); err != nil {
		t.Error(err)
	}
}
