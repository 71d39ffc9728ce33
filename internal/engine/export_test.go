package engine_test

import (
	"crypto/cipher"
	"errors"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// memoryLedger is a ledger that survives only the test.
type memoryLedger struct {
	issued map[engine.Lineage]uint64
	spent  map[engine.Lineage]uint64
	broken error
}

var errSpent = errors.New("export spent, or not the newest")

func (l *memoryLedger) Issue(id engine.Lineage, generation uint64) error {
	if l.broken != nil {
		return l.broken
	}
	l.issued[id] = generation
	return nil
}

func (l *memoryLedger) Spend(id engine.Lineage, generation uint64) error {
	if l.issued[id] != generation || l.spent[id] == generation {
		return errSpent
	}
	l.spent[id] = generation
	return nil
}

// gcmSealer seals with one key and a counter, which is enough for one test.
type gcmSealer struct {
	aead  cipher.AEAD
	count byte
}

func (s *gcmSealer) Seal(_ time.Time, plaintext []byte) ([]byte, error) {
	s.count++
	nonce := make([]byte, s.aead.NonceSize())
	nonce[0] = s.count
	return s.aead.Seal(nonce, nonce, plaintext, nil), nil
}

func (s *gcmSealer) Open(_ time.Time, sealed []byte) ([]byte, bool) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return nil, false
	}
	plaintext, err := s.aead.Open(nil, sealed[:n], sealed[n:], nil)
	return plaintext, err == nil
}

func newVault(t *testing.T) (engine.Vault, *memoryLedger) {
	t.Helper()
	ledger := &memoryLedger{issued: map[engine.Lineage]uint64{}, spent: map[engine.Lineage]uint64{}}
	return engine.Vault{Sealer: sealer(t, 7), Ledger: ledger}, ledger
}

// adopt lets the server of p go on from an export.
func adopt(t *testing.T, p *dtlstest.Pair, v engine.Vault, sealed []byte) {
	t.Helper()
	a, err := engine.Restore(p.ServerConfig, engine.NewWorkspace(), p.Now, v, sealed)
	if err != nil {
		t.Fatal(err)
	}
	p.Server = &dtlstest.Endpoint{Association: a}
}

func TestHandoverMovesEverySuiteAndItsReplayWindow(t *testing.T) {
	for _, s := range suite.All() {
		t.Run(s.Name, func(t *testing.T) {
			v, _ := newVault(t)
			p := dtlstest.NewPair(t, 1, only(s))
			p.Connect()
			wantEcho(t, p)
			before := *p.Server.State()
			replay := sayTwice(t, p)
			old := p.Server
			sealed, err := p.Server.Handover(p.Now, v)
			if err != nil {
				t.Fatal(err)
			}
			if old.Drain(p.Now); !errors.Is(old.Err, engine.ErrHandedOver) || len(old.Outbox) > 0 {
				t.Errorf("the source ends with %v and sends %d datagrams", old.Err, len(old.Outbox))
			}
			adopt(t, p, v, sealed)
			p.ToServer(replay)
			if p.Server.Drops[wire.DropReplay] != 1 {
				t.Error("a record taken before the handover is taken again after it")
			}
			wantEcho(t, p)
			if after := p.Server.State(); after.Suite != before.Suite || string(after.Identity) != string(before.Identity) {
				t.Errorf("state %+v became %+v", before, after)
			}
		})
	}
}

// sayTwice has the client say something, and returns the datagram that the
// server has already taken.
func sayTwice(t *testing.T, p *dtlstest.Pair) []byte {
	t.Helper()
	if err := p.Client.Say("once"); err != nil {
		t.Fatal(err)
	}
	datagram := p.Client.Take()[0]
	p.ToServer(datagram)
	wantLast(t, p.Server, "once")
	return datagram
}

func TestR11SnapshotStartsAboveEverythingTheSourceMayUse(t *testing.T) {
	v, _ := newVault(t)
	p := dtlstest.NewPair(t, 1)
	p.Connect()
	const reserve = 5
	sealed, err := p.Server.Snapshot(p.Now, v, reserve)
	if err != nil {
		t.Fatal(err)
	}

	sent := map[uint64]bool{}
	for range reserve {
		if err := p.Server.Say("from the source"); err != nil {
			t.Fatal("the source may use its reserve: ", err)
		}
	}
	for _, datagram := range p.Server.Take() {
		sent[sequenceNumber(t, datagram)] = true
	}
	if err := p.Server.Say("one too many"); !errors.Is(err, engine.ErrSequenceExhausted) {
		t.Fatalf("beyond its reserve the source gets %v, want ErrSequenceExhausted", err)
	}
	replay := sayTwice(t, p)

	adopt(t, p, v, sealed)
	if err := p.Server.Say("from the copy"); err != nil {
		t.Fatal(err)
	}
	if seq := sequenceNumber(t, p.Server.Outbox[0]); sent[seq] {
		t.Errorf("record number %d is used by the source and by the copy", seq)
	}
	p.ToServer(replay)
	if len(p.Server.Received) > 0 {
		t.Error("the copy takes a record that the source took")
	}
	for range reserve + 1 {
		if err := p.Client.Say("again"); err != nil {
			t.Fatal(err)
		}
	}
	p.FlushClient()
	wantLast(t, p.Server, "again")
}

func sequenceNumber(t *testing.T, datagram []byte) uint64 {
	t.Helper()
	r, _, err := wire.ParseRecord(datagram)
	if err != nil {
		t.Fatal(err)
	}
	return r.Seq
}

func TestR11ExportServesOnceAndOnlyTheNewest(t *testing.T) {
	v, _ := newVault(t)
	p := dtlstest.NewPair(t, 1)
	p.Connect()
	first, err := p.Server.Snapshot(p.Now, v, 10)
	if err != nil {
		t.Fatal(err)
	}
	second, err := p.Server.Snapshot(p.Now, v, 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Restore(p.ServerConfig, engine.NewWorkspace(), p.Now, v, first); !errors.Is(err, errSpent) {
		t.Errorf("an older snapshot is answered with %v", err)
	}
	adopt(t, p, v, second)
	if _, err := engine.Restore(p.ServerConfig, engine.NewWorkspace(), p.Now, v, second); !errors.Is(err, errSpent) {
		t.Errorf("a spent snapshot is answered with %v", err)
	}
	third, err := p.Server.Snapshot(p.Now, v, 10)
	if err != nil {
		t.Fatal(err)
	}
	adopt(t, p, v, third)
}

func TestR11SnapshotOfAllNumbersDoesNotWrap(t *testing.T) {
	v, _ := newVault(t)
	p := dtlstest.NewPair(t, 1)
	p.Connect()
	wantEcho(t, p)
	sealed, err := p.Server.Snapshot(p.Now, v, ^uint64(0))
	if err != nil {
		t.Fatal(err)
	}
	adopt(t, p, v, sealed)
	if err := p.Server.Say("a number of the source"); !errors.Is(err, engine.ErrSequenceExhausted) {
		t.Errorf("the copy of a source that may use every number sends: %v", err)
	}
}

func TestExportRefusesWhatItCannotKeepSafe(t *testing.T) {
	v, ledger := newVault(t)
	p := dtlstest.NewPair(t, 1)
	if _, err := p.Client.Handover(p.Now, v); !errors.Is(err, engine.ErrNotEstablished) {
		t.Errorf("a handshake is handed over with %v", err)
	}
	p.Connect()
	if _, err := p.Server.Snapshot(p.Now, v, 0); !errors.Is(err, engine.ErrReserve) {
		t.Errorf("a snapshot without reserve is answered with %v", err)
	}
	ledger.broken = errors.New("disk full")
	if _, err := p.Server.Handover(p.Now, v); !errors.Is(err, ledger.broken) {
		t.Errorf("a ledger that cannot write is answered with %v", err)
	}
	wantEcho(t, p)
	if _, err := engine.Restore(p.ServerConfig, engine.NewWorkspace(), p.Now, v, []byte("no export")); !errors.Is(err, engine.ErrExport) {
		t.Errorf("bytes that are no export are answered with %v", err)
	}
}

// openSealer seals nothing, so that a fuzzer reaches the format.
type openSealer struct{}

func (openSealer) Seal(_ time.Time, plaintext []byte) ([]byte, error) { return plaintext, nil }
func (openSealer) Open(_ time.Time, sealed []byte) ([]byte, bool)     { return sealed, true }

func FuzzRestore(f *testing.F) {
	ledger := &memoryLedger{issued: map[engine.Lineage]uint64{}, spent: map[engine.Lineage]uint64{}}
	v := engine.Vault{Sealer: openSealer{}, Ledger: ledger}
	p := dtlstest.NewPair(f, 1)
	p.Connect()
	export, err := p.Server.Snapshot(p.Now, v, 10)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(export)
	q := connected(f, dtls13, withCIDs(3, 8))
	quiet(q)
	export13, err := q.Server.Snapshot(q.Now, v, 10)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(export13)
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := engine.Restore(p.ServerConfig, engine.NewWorkspace(), p.Now, v, data)
		if err != nil {
			return
		}
		a.Receive(p.Now, []byte("any datagram at all"))
		if _, err := a.Send(nil, nil); err != nil && !errors.Is(err, engine.ErrSequenceExhausted) {
			t.Errorf("what was restored cannot send: %v", err)
		}
	})
}
