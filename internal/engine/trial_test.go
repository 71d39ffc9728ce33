package engine_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A trial is what a seed draws: who the two sides are, what is wrong between
// them, and what the network does to them.
type trial struct {
	Seed  uint64
	Suite *suite.Suite
	Flaw  flaw
	Group wire.Group

	ServerCredential, ClientCredential string // kinds of key; the client may have none
	ClientAuth                         engine.ClientAuth
	Resumption                         resumption
	Hint                               string
	CIDs                               [2]int // lengths, by side; below 0 for a side without

	// Of DTLS 1.3, where Suite13 is not nil.
	Suite13  *suite.Suite13
	Versions [2][]wire.Version // by side
	External bool              // with a pre-shared key, not with certificates
	PlainPSK bool
	Shares   []wire.Group
	Tickets  int

	Client, Server limits
	Closer         engine.Side
	Conditions     dtlstest.Conditions
}

// limits are what each side draws of its configuration.
type limits struct {
	MTU, RecordSize, Reassembly int
	FixedMTU                    bool
	Packing                     engine.Packing
}

// A flaw is a reason why a handshake cannot succeed.
type flaw string

const (
	flawless         flaw = ""
	wrongKey         flaw = "the keys differ"
	unknownIdentity  flaw = "the server does not know the identity"
	distrustedServer flaw = "the client distrusts the server"
	distrustedClient flaw = "the server distrusts the client"
	missingClient    flaw = "the client lacks a certificate"
	noCommonSuite    flaw = "the server has another suite only"
	leavingClient    flaw = "the client may leave"
)

// A resumption is the way in which an earlier session is resumed.
type resumption string

const (
	byNothing resumption = ""
	byID      resumption = "by session ID"
	byTicket  resumption = "by ticket"
)

// draw makes a trial out of a seed.
func draw(seed uint64) trial {
	r := rand.New(rand.NewPCG(seed, 1))
	tr := trial{
		Seed:       seed,
		Suite:      pick(r, suite.All()...),
		Group:      pick(r, wire.GroupP256, wire.GroupX25519, wire.GroupX25519, wire.GroupP384),
		Resumption: pick(r, byNothing, byNothing, byID, byTicket),
		Hint:       pick(r, "", "a hint"),
		Closer:     pick(r, engine.Client, engine.Server),
		Conditions: drawConditions(r),
	}
	if tr.Suite.KeyExchange.UsesCertificate() {
		tr.drawCertificates(r)
	}
	tr.drawRest(r)
	return tr
}

// drawRest draws what is the same in both versions.
func (tr *trial) drawRest(r *rand.Rand) {
	if tr.Resumption == byNothing && r.IntN(8) == 0 {
		tr.Flaw = pick(r, tr.possibleFlaws()...)
	}
	tr.Client = drawLimits(r, tr.Conditions.MTU)
	tr.Server = drawLimits(r, tr.Conditions.MTU)
	tr.CIDs = [2]int{pick(r, -1, 0, 0, 1, 8, 20), pick(r, -1, 0, 1, 8, 8, 20)}
}

func (tr *trial) drawCertificates(r *rand.Rand) {
	tr.ServerCredential = dtlstest.RSA
	if tr.Suite.KeyExchange == suite.ECDHEECDSA {
		tr.ServerCredential = pick(r, dtlstest.ECDSAP256, dtlstest.ECDSAP256, dtlstest.ECDSAP384, dtlstest.Ed25519)
	}
	tr.ClientAuth = pick(r, engine.NoClientCert, engine.RequestClientCert, engine.RequireClientCert)
	tr.ClientCredential = pick(r, dtlstest.ECDSAP256, dtlstest.ECDSAP256, dtlstest.Ed25519, dtlstest.RSA)
	if tr.ClientAuth == engine.RequestClientCert && r.IntN(2) == 0 {
		tr.ClientCredential = ""
	}
}

func (tr *trial) possibleFlaws() []flaw {
	possible := []flaw{noCommonSuite, leavingClient}
	if tr.Suite.KeyExchange.UsesPSK() {
		possible = append(possible, wrongKey, unknownIdentity)
	}
	if tr.Suite.KeyExchange.UsesCertificate() {
		possible = append(possible, distrustedServer)
	}
	if tr.ClientAuth == engine.RequireClientCert {
		possible = append(possible, distrustedClient, missingClient)
	}
	return possible
}

func drawConditions(r *rand.Rand) dtlstest.Conditions {
	c := dtlstest.Conditions{
		Delay:       pick(r, 0, time.Millisecond, 20*time.Millisecond, below(r, 800*time.Millisecond)),
		MTU:         pick(r, 0, 0, 0, 1300, 700, 300),
		Answers:     pick(r, 0, time.Millisecond, 1500*time.Millisecond),
		Cease:       below(r, 20*time.Second),
		Loss:        pick(r, 0, 0.1, 0.3, 0.6) * r.Float64(),
		Duplication: pick(r, 0, 0.5) * r.Float64(),
		Reordering:  pick(r, 0, 1.0) * r.Float64(),
		Jitter:      pick(r, 50*time.Millisecond, below(r, 5*time.Second)),
		Corruption:  pick(r, 0, 0, 0.3) * r.Float64(),
		Checksum:    r.IntN(2) == 0,
	}
	// The bytes of a hello in fragments are not counted for the server, so
	// that it could not say enough to an address that is not proven.
	c.SkipCookies = c.MTU == 0 && r.IntN(5) == 0
	return c
}

func drawLimits(r *rand.Rand, path int) limits {
	l := limits{
		MTU:        pick(r, 0, 0, 1400, 600, 256),
		RecordSize: pick(r, 0, 0, 0, 64, 600, 16384),
		Reassembly: pick(r, 0, 8<<10),
		Packing:    pick(r, engine.PackWhole, engine.PackAll, engine.PackNone),
	}
	fits := path == 0 || l.MTU > 0 && l.MTU <= path
	l.FixedMTU = fits && r.IntN(4) == 0
	return l
}

func (l limits) apply(cfg *engine.Config) {
	cfg.MTU = l.MTU
	cfg.RecordSizeLimit = l.RecordSize
	cfg.ReassemblyLimit = l.Reassembly
	cfg.FixedMTU = l.FixedMTU
	cfg.Packing = l.Packing
}

// options make the two sides what the trial says.
func (tr *trial) options(t testing.TB) []dtlstest.Option {
	tickets := func(setup *dtlstest.Setup) {
		if tr.Resumption == byTicket {
			setup.Server.Tickets = sealer(t, 1)
		}
	}
	return []dtlstest.Option{only(tr.Suite), tr.configure, tr.configure13, tickets, tr.spoil}
}

func (tr *trial) configure(setup *dtlstest.Setup) {
	client, server := &setup.Client, &setup.Server
	tr.Client.apply(client)
	tr.Server.apply(server)
	server.Policy.Groups = []wire.Group{tr.Group}
	server.PSKHint = []byte(tr.Hint)
	server.ClientAuth = tr.ClientAuth
	client.Certificate = tr.Suite.KeyExchange.UsesCertificate()
	client.Credentials, server.Credentials = nil, nil
	if kind := tr.ServerCredential; kind != "" {
		server.Credentials = []engine.Credential{dtlstest.NewCredential(kind)}
	}
	if kind := tr.ClientCredential; kind != "" {
		client.Credentials = []engine.Credential{dtlstest.NewCredential(kind)}
	}
	for side, cfg := range []*engine.Config{engine.Client: client, engine.Server: server} {
		if n := tr.CIDs[side]; n >= 0 {
			cfg.CIDs = dtlstest.CIDs{Len: n, Rand: dtlstest.NewRand(tr.Seed + uint64(side))}
			cfg.RRC = tr.Seed%2 == 0
		}
	}
	client.SessionCache = tr.Resumption != byNothing
	server.SessionCache = tr.Resumption == byID
}

// spoil puts the flaw into what is configured so far.
func (tr *trial) spoil(setup *dtlstest.Setup) {
	switch tr.Flaw {
	case wrongKey:
		setup.PrepareClient = func(e *dtlstest.Endpoint) { e.PSKs["client"] = "another key" }
	case unknownIdentity:
		setup.PrepareServer = func(e *dtlstest.Endpoint) { clear(e.PSKs) }
	case distrustedServer:
		setup.PrepareClient = func(e *dtlstest.Endpoint) { e.Distrust = errDistrust }
	case distrustedClient:
		setup.PrepareServer = func(e *dtlstest.Endpoint) { e.Distrust = errDistrust }
	case missingClient:
		setup.Client.Credentials = nil
	case noCommonSuite:
		all := suite.All()
		other := all[(int(tr.Suite.ID)+1)%len(all)]
		if other == tr.Suite {
			other = all[(int(tr.Suite.ID)+2)%len(all)]
		}
		setup.Server.Policy.Suites = []*suite.Suite{other}
		if tr.Suite13 != nil {
			setup.Server.Policy.Suites13 = slices.DeleteFunc(suite.All13(), func(s *suite.Suite13) bool { return s == tr.Suite13 })
		}
	}
}

var errDistrust = errors.New("a certificate that nobody trusts")

// network starts the trial, after the earlier session that it resumes.
func (tr *trial) network(t testing.TB) *dtlstest.Network {
	options := tr.options(t)
	if tr.Resumption != byNothing {
		options = append(options, tr.earlier(t))
	}
	return dtlstest.NewNetwork(t, tr.Seed, tr.Conditions, options...)
}

// earlier has a first handshake in peace, and offers its session for the
// next.
func (tr *trial) earlier(t testing.TB) dtlstest.Option {
	p := dtlstest.NewPair(t, ^tr.Seed, tr.options(t)...)
	p.Connect()
	if want := max(tr.Tickets, 1); len(p.Client.Stored) != want {
		t.Fatalf("%d sessions stored in the first handshake, want %d; %+v", len(p.Client.Stored), want, *tr)
	}
	return func(setup *dtlstest.Setup) {
		setup.Target.Session = p.Client.Stored[0]
		setup.PrepareServer = func(e *dtlstest.Endpoint) { e.Sessions = p.Server.Sessions }
	}
}

func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// below returns a time below limit.
func below(r *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(limit)))
}
