package dtlstest

import (
	"fmt"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// An Endpoint is an association with an owner that answers its questions at
// once, and remembers what it was told.
type Endpoint struct {
	*engine.Association

	// The owner's answers.
	Identity  string                          // client: the PSK identity
	PSKs      map[string]string               // keys by identity
	Sessions  map[string]*engine.SessionState // server: by ID
	Distrust  error                           // the answer to EventVerify
	Hold      bool                            // keep questions in Questions instead of answering
	Questions []engine.Event

	// What happened.
	Outbox      [][]byte // datagrams to send, until the test takes them
	Received    [][]byte // plaintexts
	Stored      []*engine.SessionState
	Drops       [wire.NumDrops]int
	Alerts      []wire.Alert
	AlertsSent  []wire.Alert
	Warnings    []error
	Checks      []wire.ReturnRoutabilityCheck
	Messages    []engine.Message
	Fragments   []engine.Message
	Secrets     []string // lines for a key log
	Asked       map[engine.EventKind]int
	Repeated    int      // flights
	KeyUpdates  int      // both ways
	CIDs        [][]byte // issued after the handshake
	RetiredCIDs [][]byte
	SentBytes   int
	SentCount   int
	Established bool
	Over        bool
	Err         error // why it is over
}

// Config returns a complete configuration that a seed repeats: every suite
// is offered, credentials of each kind are there.
func Config(seed uint64) engine.Config {
	random := NewRand(seed)
	return engine.Config{
		Rand: random,
		Keys: Keys{random},
		Policy: suite.Policy{
			Suites:                 suite.All(),
			Groups:                 []wire.Group{wire.GroupP256, wire.GroupX25519, wire.GroupP384},
			Schemes:                suite.DefaultSchemes(),
			PSK:                    true,
			EncryptThenMACRequired: true,
		},
		Certificate: true,
		Credentials: []engine.Credential{NewCredential(ECDSAP256), NewCredential(RSA)},
	}
}

func newEndpoint() *Endpoint {
	return &Endpoint{
		Identity: "client",
		PSKs:     map[string]string{"client": "a shared secret"},
		Sessions: map[string]*engine.SessionState{},
		Asked:    map[engine.EventKind]int{},
	}
}

// NewClient returns a client whose first flight is in its outbox.
func NewClient(cfg *engine.Config, now time.Time, target engine.Target, prepare ...func(*Endpoint)) *Endpoint {
	e := newEndpoint()
	for _, f := range prepare {
		f(e)
	}
	e.Association = engine.NewClient(cfg, engine.NewWorkspace(), now, target)
	e.Drain(now)
	return e
}

// NewServer returns a server that has taken the hello, as if its cookie had
// been good.
func NewServer(cfg *engine.Config, now time.Time, hello engine.Hello, prepare ...func(*Endpoint)) *Endpoint {
	e := newEndpoint()
	for _, f := range prepare {
		f(e)
	}
	e.Association = engine.NewServer(cfg, engine.NewWorkspace(), now, hello)
	e.Drain(now)
	return e
}

// Receive hands a copy of a datagram to the association and drains it.
func (e *Endpoint) Receive(now time.Time, datagram []byte) {
	e.Association.Receive(now, slices.Clone(datagram))
	e.Drain(now)
}

// Timeout tells the association the time and drains it.
func (e *Endpoint) Timeout(now time.Time) {
	e.Association.Timeout(now)
	e.Drain(now)
}

// Close closes the association and drains it.
func (e *Endpoint) Close(now time.Time) {
	e.Association.Close(now)
	e.Drain(now)
}

// Abort aborts the association and drains it.
func (e *Endpoint) Abort(now time.Time, err error) {
	e.Association.Abort(now, err)
	e.Drain(now)
}

// Say sends a plaintext.
func (e *Endpoint) Say(plaintext string) error {
	datagram, err := e.Send(nil, []byte(plaintext))
	if err == nil {
		e.post(datagram)
	}
	return err
}

// Take empties the outbox.
func (e *Endpoint) Take() [][]byte {
	out := e.Outbox
	e.Outbox = nil
	return out
}

// Drain takes events until there are none.
func (e *Endpoint) Drain(now time.Time) {
	for {
		event := e.Next()
		if event.Kind == engine.EventNone {
			return
		}
		e.Deliver(now, event)
	}
}

// Deliver takes one event, for those who drain the association themselves.
func (e *Endpoint) Deliver(now time.Time, event engine.Event) {
	switch event.Kind {
	case engine.EventSend:
		e.post(slices.Clone(event.Data))
	case engine.EventData:
		e.Received = append(e.Received, slices.Clone(event.Data))
	case engine.EventEstablished:
		e.Established = true
	case engine.EventClosed:
		e.Over = true
		e.Err = event.Err
	case engine.EventStoreSession:
		e.Stored = append(e.Stored, event.Session)
		e.Sessions[string(event.Data)] = event.Session
	case engine.EventSecret:
		e.Secrets = append(e.Secrets, string(event.Data))
	case engine.EventDrop:
		e.Drops[event.Drop]++
	case engine.EventMessage:
		event.Message.Body = slices.Clone(event.Message.Body)
		e.Messages = append(e.Messages, event.Message)
	case engine.EventFragment:
		e.Fragments = append(e.Fragments, event.Message)
	case engine.EventAlertSent:
		e.AlertsSent = append(e.AlertsSent, event.Alert)
	case engine.EventRetransmit:
		e.Repeated++
	case engine.EventAlert:
		e.Alerts = append(e.Alerts, event.Alert)
	case engine.EventKeyUpdate:
		e.KeyUpdates++
	case engine.EventCIDIssued:
		e.CIDs = append(e.CIDs, slices.Clone(event.Data))
	case engine.EventCIDRetired:
		e.RetiredCIDs = append(e.RetiredCIDs, slices.Clone(event.Data))
	case engine.EventRoutabilityCheck:
		e.Checks = append(e.Checks, event.Check)
	case engine.EventWarning:
		e.Warnings = append(e.Warnings, event.Err)
	default:
		e.question(now, event)
	}
}

func (e *Endpoint) post(datagram []byte) {
	e.Outbox = append(e.Outbox, datagram)
	e.SentBytes += len(datagram)
	e.SentCount++
}

func (e *Endpoint) question(now time.Time, event engine.Event) {
	e.Asked[event.Kind]++
	if e.Hold {
		event.Data = slices.Clone(event.Data)
		e.Questions = append(e.Questions, event)
		return
	}
	e.Resolve(now, event.Token, e.Answer(event))
}

// AnswerHeld answers the questions that were held.
func (e *Endpoint) AnswerHeld(now time.Time) {
	held := e.Questions
	e.Questions = nil
	for _, event := range held {
		e.Resolve(now, event.Token, e.Answer(event))
		e.Drain(now)
	}
}

// Answer returns the owner's answer to a question.
func (e *Endpoint) Answer(event engine.Event) engine.Result {
	switch event.Kind {
	case engine.EventCompute:
		return event.Job()
	case engine.EventLookupPSK:
		if e.Side() == engine.Client {
			return engine.PSK{Identity: []byte(e.Identity), Key: []byte(e.PSKs[e.Identity])}
		}
		return engine.PSK{Key: []byte(e.PSKs[string(event.Data)])}
	case engine.EventLookupSession:
		return engine.SessionFound{Session: e.Sessions[string(event.Data)]}
	case engine.EventVerify:
		parse := PublicKey
		if event.KeyType == wire.CertificateTypeRawPublicKey {
			parse = RawPublicKey
		}
		key, err := parse(event.Chain[0])
		if e.Distrust != nil {
			err = e.Distrust
		}
		return engine.Verified{PublicKey: key, Err: err}
	default:
		panic(fmt.Sprintf("dtlstest: no answer to event %d", event.Kind))
	}
}
