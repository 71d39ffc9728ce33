package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// rested returns a pair whose ends are at rest: what may be asked for again has
// been forgotten.
func rested(t testing.TB, options ...dtlstest.Option) *dtlstest.Pair {
	t.Helper()
	p := connected(t, options...)
	rest(t, p)
	return p
}

func rest(t testing.TB, p *dtlstest.Pair) {
	t.Helper()
	quiet(p)
	p.Advance(time.Hour)
	quiet(p)
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		if !e.AtRest() || !e.Deadline().IsZero() {
			t.Fatalf("%v is not at rest; over %v, %v; deadline %v", e.Side(), e.Over, e.Err, e.Deadline())
		}
	}
}

// A packing is a kind of association that is packed.
type packing struct {
	name    string
	options []dtlstest.Option
}

// packings are associations of every suite and version, and with everything that
// they can have.
func packings(t testing.TB) []packing {
	var all []packing
	for _, s := range suite.All() {
		all = append(all, packing{s.Name, []dtlstest.Option{only(s)}})
	}
	for _, s := range suite.All13() {
		all = append(all, packing{s.Name, []dtlstest.Option{dtls13, only13(s), withCertificates}})
	}
	tickets := []dtlstest.Option{
		client(func(cfg *engine.Config) { cfg.SessionCache = true }),
		server(func(cfg *engine.Config) { cfg.Tickets = sealer(t, 1) }),
	}
	limits := both(func(cfg *engine.Config) { cfg.RecordSizeLimit = 300 })
	for _, lengths := range [][2]int{{0, 8}, {8, 0}, {4, 20}, {255, 1}, {0, 0}} {
		cids := withCIDs(lengths[0], lengths[1])
		all = append(all,
			packing{fmt.Sprintf("1.2 with connection IDs of %v", lengths), []dtlstest.Option{only(plainPSK), cids}},
			packing{fmt.Sprintf("1.3 with connection IDs of %v", lengths), []dtlstest.Option{dtls13, withCertificates, cids}})
	}
	return append(all,
		packing{"1.2 with limits and tickets", append([]dtlstest.Option{only(ecdsa), limits, asking(engine.RequireClientCert)}, tickets...)},
		packing{"1.3 with limits and tickets", append([]dtlstest.Option{dtls13, withCertificates, limits, asking(engine.RequireClientCert)}, tickets...)},
		packing{"1.3 with an external key", external13},
		packing{"1.2 in CBC mode", []dtlstest.Option{only(cbc)}},
	)
}

// What was packed goes on exactly where it was: in a dialogue in which both sides
// are packed between any two messages, everything is as in one where nobody is.
func TestPackedAssociationGoesOnWhereItWas(t *testing.T) {
	for _, test := range packings(t) {
		t.Run(test.name, func(t *testing.T) {
			awake, asleep := rested(t, test.options...), rested(t, test.options...)
			a, b := speak(t, awake, func(*dtlstest.Endpoint) {}), speak(t, asleep, func(e *dtlstest.Endpoint) { e.Nap() })
			if s := awake.Client.State().Suite; s != nil && s.CBC() {
				return // explicit IVs are drawn afresh
			}
			if !slices.EqualFunc(a, b, bytes.Equal) {
				t.Errorf("the dialogues differ:\nawake  %x\nasleep %x", a, b)
			}
		})
	}
}

// speak has both sides say things, and returns all datagrams. Nap is called
// between any two of them.
func speak(t *testing.T, p *dtlstest.Pair, nap func(e *dtlstest.Endpoint)) [][]byte {
	t.Helper()
	var all [][]byte
	ends := []*dtlstest.Endpoint{p.Client, p.Server}
	for i := range 6 {
		e, peer := ends[i%2], ends[1-i%2]
		for range 3 {
			nap(e)
			if err := e.Say(fmt.Sprintf("words of the %v, %d", e.Side(), i)); err != nil {
				t.Fatal(err)
			}
		}
		sent := e.Take()
		all = append(all, sent...)
		for _, at := range []int{1, 1, 0, 2, 0} { // out of order, and twice
			nap(peer)
			peer.Receive(p.Now, sent[at])
		}
		if got := len(peer.Received); got != 3 || peer.Drops[wire.DropReplay] != 2*(i/2+1) {
			t.Fatalf("%v takes %d of 3 records, and drops %d", peer.Side(), got, peer.Drops[wire.DropReplay])
		}
		peer.Received = nil
	}
	for _, e := range ends {
		nap(e)
		all = append(all, exporter(t, e), fmt.Appendf(nil, "%+v %d %d %d", *e.State(), e.MaxPlaintext(), e.OwnRecordSize(), e.Overhead()))
		nap(e)
	}
	if p.Client.State().Version == wire.VersionDTLS13 {
		all = append(all, renewed(t, p, nap)...)
	}
	nap(p.Client)
	p.Client.Close(p.Now)
	all = append(all, p.Client.Outbox...)
	nap(p.Server)
	for _, datagram := range p.Client.Take() {
		p.Server.Receive(p.Now, datagram)
	}
	wantOver(t, p.Server, engine.ErrCloseNotify, "the last word")
	return append(all, p.Server.Outbox...)
}

// renewed has both sides change their keys and, where they can, their connection
// IDs, and say something after it.
func renewed(t *testing.T, p *dtlstest.Pair, nap func(e *dtlstest.Endpoint)) [][]byte {
	t.Helper()
	var all [][]byte
	for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
		nap(e)
		if err := e.KeyUpdate(p.Now, true); err != nil {
			t.Fatal(err)
		}
		e.Drain(p.Now)
		rest(t, p)
		nap(p.Client)
		nap(p.Server)
		if err := e.RequestCIDs(p.Now, 2); err != nil && !errors.Is(err, engine.ErrNoNewCIDs) {
			t.Fatal(err)
		}
		e.Drain(p.Now)
		rest(t, p)
		nap(p.Client)
		nap(p.Server)
		moved := e.UseNextCID()
		nap(e)
		all = append(all, fmt.Appendf(nil, "%v moved: %v, knows %+v", e.Side(), moved, *e.State()))
		for _, from := range []*dtlstest.Endpoint{p.Client, p.Server} {
			if err := from.Say("and after it"); err != nil {
				t.Fatal(err)
			}
		}
		all = append(append(all, p.Client.Outbox...), p.Server.Outbox...)
		rest(t, p)
		nap(p.Client)
		nap(p.Server)
		if len(p.Client.Received) == 0 || len(p.Server.Received) == 0 {
			t.Fatal("nothing arrives with the new keys")
		}
		p.Client.Received, p.Server.Received = nil, nil
	}
	return all
}

func exporter(t *testing.T, e *dtlstest.Endpoint) []byte {
	t.Helper()
	secret, err := e.ExportKeyingMaterial("EXPERIMENTAL test", []byte("context"), true, 40)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// Who sleeps can be described without being woken.
func TestPackedAssociationIsDescribed(t *testing.T) {
	for _, test := range packings(t) {
		t.Run(test.name, func(t *testing.T) {
			ends(t, func() *dtlstest.Pair { return rested(t, test.options...) }, func(t *testing.T, p *dtlstest.Pair, e, _ *dtlstest.Endpoint) {
				want, size, overhead := fmt.Sprintf("%+v", *e.State()), e.MaxPlaintext(), e.Overhead()
				packed := e.Pack(nil)
				if e.AtRest() || e.Association.Established() || e.State() != nil {
					t.Error("what is packed is still here")
				}
				state, err := engine.ParsePacked(packed)
				if err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprintf("%+v", state); got != want {
					t.Errorf("described as\n%s, want\n%s", got, want)
				}
				if got := engine.PackedMaxPlaintext(packed); got != size {
					t.Errorf("takes %d bytes, want %d", got, size)
				}
				if got := engine.PackedOverhead(packed); got != overhead {
					t.Errorf("adds %d bytes, want %d", got, overhead)
				}
			})
		})
	}
}

// Nobody is packed who has something to do, or may be asked for something.
func TestOnlyWhoRestsIsPacked(t *testing.T) {
	for name, pair := range map[string]func() *dtlstest.Pair{
		"during a handshake": func() *dtlstest.Pair { return dtlstest.NewPair(t, 1) },
		"closed": func() *dtlstest.Pair {
			p := connected(t)
			p.Client.Close(p.Now)
			return p
		},
		"with messages on their way": func() *dtlstest.Pair {
			p := rested(t, dtls13)
			if err := p.Client.KeyUpdate(p.Now, false); err != nil {
				t.Fatal(err)
			}
			return p
		},
	} {
		e := pair().Client
		if e.AtRest() {
			t.Errorf("%s: it rests", name)
		}
		if !panics(func() { e.Pack(nil) }) {
			t.Errorf("%s: it is packed", name)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestPackedAssociationIsSmall(t *testing.T) {
	identity := func(e *dtlstest.Endpoint) {
		e.Identity = "device-01234"
		e.PSKs = map[string]string{"device-01234": "a shared secret"}
	}
	for _, test := range []struct {
		name    string
		most    int
		options []dtlstest.Option
	}{
		{"DTLS 1.2 with a pre-shared key", 200, []dtlstest.Option{only(plainPSK)}},
		{"DTLS 1.3 with a pre-shared key", 230, external13},
	} {
		options := append(test.options, clientOwner(identity), serverOwner(identity))
		p := rested(t, options...)
		for range 100 {
			wantEcho(t, p)
		}
		if n := p.Server.Nap(); n > test.most {
			t.Errorf("%s: %d bytes for a server, want at most %d", test.name, n, test.most)
		}
		if n := p.Client.Nap(); n > test.most+32 {
			t.Errorf("%s: %d bytes for a client, want at most %d", test.name, n, test.most+32)
		}
	}
}

// No secret stays in the memory of who is packed.
func TestPackLeavesNoSecret(t *testing.T) {
	for _, options := range [][]dtlstest.Option{{only(plainPSK)}, {dtls13, withCertificates}} {
		ends(t, func() *dtlstest.Pair { return rested(t, options...) }, func(t *testing.T, p *dtlstest.Pair, e, _ *dtlstest.Endpoint) {
			for _, again := range []bool{false, true} {
				if again {
					e.Nap()
				}
				places := e.HeldSecrets()
				packed := e.Pack(nil)
				if left := slices.Concat(append(places, e.HeldSecrets()...)...); len(bytes.Trim(left, "\x00")) > 0 {
					t.Errorf("secrets are left: %x", left)
				}
				cfg := dtlstest.Config(1)
				if err := e.Unpack(cfg.Complete(), engine.NewWorkspace(), packed); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What was taken from an association stays as it is when its memory serves
// another one.
func TestStateOutlivesPack(t *testing.T) {
	p := rested(t, only(ecdsa), asking(engine.RequireClientCert), withCIDs(4, 8))
	p.Server.Nap()
	state := p.Server.State()
	want := fmt.Sprintf("%+v", *state)
	p.Server.Nap()
	if again := p.Server.State(); again == state || !reflect.DeepEqual(again, state) {
		t.Errorf("the state is the same memory, or another state: %+v", again)
	}
	p.Server.Nap()
	p.Server.Close(p.Now)
	if after := p.Server.State(); after == nil || fmt.Sprintf("%+v", *after) != want {
		t.Errorf("after the end the state is %+v, want %s", after, want)
	}
	if got := fmt.Sprintf("%+v", *state); got != want {
		t.Errorf("the state became %s, from %s", got, want)
	}
}

// A bound on record numbers stays when an association is packed: what was exported
// may still be restored.
func TestPackKeepsTheCeiling(t *testing.T) {
	for _, options := range [][]dtlstest.Option{{only(plainPSK)}, {dtls13, withCertificates}} {
		p := rested(t, options...)
		v, _ := newVault(t)
		if _, err := p.Server.Snapshot(p.Now, v, 3); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			p.Server.Nap()
			wantEcho(t, p)
		}
		p.Server.Nap()
		if _, err := p.Server.Send(nil, []byte("one too many")); !errors.Is(err, engine.ErrSequenceExhausted) {
			t.Errorf("a record above the reserve: %v", err)
		}
		if _, err := p.Server.Snapshot(p.Now, v, 3); err != nil {
			t.Errorf("the next snapshot: %v", err)
		}
	}
}
