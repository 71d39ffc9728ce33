package dtls

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"slices"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
)

// ask finds the answer to a question of the engine: at once where that is
// possible without waiting, on the workers where it is computed, and on a
// goroutine of its own where code of the user's may wait.
func (s *shard) ask(sess *Session, e *engine.Event) {
	switch e.Kind {
	case engine.EventCompute:
		s.compute(sess, e.Token, e.Job)
	case engine.EventVerify:
		s.verify(sess, e.Token, e.Chain)
	case engine.EventLookupPSK:
		s.lookUpPSK(sess, e.Token, bytes.Clone(e.Data))
	case engine.EventLookupSession:
		s.lookUpSession(sess, e.Token, string(e.Data))
	case engine.EventSelectCredentials:
		s.selectCredentials(sess, e.Token, e)
	}
}

// answer gives the engine an answer while its events are being drained.
func (s *shard) answer(sess *Session, token engine.Token, result engine.Result) {
	sess.assoc.Resolve(s.now, token, result)
}

// resolve gives the engine an answer that was found elsewhere.
func (s *shard) resolve(sess *Session, token engine.Token, result engine.Result) {
	if sess.ended || sess.hs == nil {
		return
	}
	sess.hs.questions--
	sess.assoc.Resolve(s.now, token, result)
	s.drain(sess)
}

// compute runs a job of the engine. A client has nobody whom it could keep
// waiting.
func (s *shard) compute(sess *Session, token engine.Token, job engine.Job) {
	if s.host.side == engine.Client {
		s.answer(sess, token, job())
		return
	}
	sess.hs.questions++
	s.host.workers.do(func() {
		s.inbox.post(inboxItem{kind: itemAnswer, session: sess, token: token, result: job()})
	})
}

// consult runs find elsewhere, by means of run, and conclude with what it
// found back on the shard, where it makes the answer. Nothing is concluded
// for a handshake that is over.
func consult[T any](s *shard, sess *Session, token engine.Token, run func(func()), find func(context.Context) T, conclude func(T) engine.Result) {
	sess.hs.questions++
	ctx := sess.hs.context(s.host.base)
	run(func() {
		found := find(ctx)
		s.post(func() {
			if !sess.ended {
				s.resolve(sess, token, conclude(found))
			}
		})
	})
}

// alone runs f on a goroutine of its own. Handshakes have at most one at a
// time, so that their number bounds that of the goroutines.
func alone(f func()) { go f() }

// verification is what a chain of certificates led to.
type verification struct {
	peer *trust.Peer
	err  error
}

func (s *shard) verify(sess *Session, token engine.Token, chain [][]byte) {
	hs := sess.hs
	verifier := hs.profile.verifier
	run := s.host.workers.do
	if verifier.Also != nil {
		run = alone
	}
	chain = cloneChain(chain)
	consult(s, sess, token, run, func(context.Context) verification {
		peer, err := verifier.Verify(chain)
		return verification{peer, err}
	}, func(v verification) engine.Result {
		if v.err != nil {
			result := engine.Verified{Err: v.err}
			var refused *trust.Error
			if errors.As(v.err, &refused) {
				result.Alert = refused.Alert
			}
			return result
		}
		hs.verified = v.peer
		return engine.Verified{PublicKey: v.peer.PublicKey()}
	})
}

func cloneChain(chain [][]byte) [][]byte {
	out := make([][]byte, len(chain))
	for i := range chain {
		out[i] = bytes.Clone(chain[i])
	}
	return out
}

// foundPSK is what a store or a client's function answered.
type foundPSK struct {
	identity, key []byte
	err           error
}

// lookUpPSK finds a key: a server's for the identity in data, a client's for
// the hint.
func (s *shard) lookUpPSK(sess *Session, token engine.Token, data []byte) {
	config := sess.hs.profile.config
	if s.host.side == engine.Client {
		s.logIdentity(sess, nil)
		consult(s, sess, token, alone, func(ctx context.Context) foundPSK {
			identity, key, err := config.ClientPSK(ctx, data)
			return foundPSK{identity, key, err}
		}, func(f foundPSK) engine.Result { return s.concludePSK(sess, f) })
		return
	}
	sess.hs.identity = data
	s.logIdentity(sess, data)
	find := func(ctx context.Context) foundPSK {
		key, err := config.PSK.LookupPSK(ctx, data)
		return foundPSK{nil, key, err}
	}
	if _, inMemory := config.PSK.(StaticPSK); inMemory {
		s.answer(sess, token, s.concludePSK(sess, find(context.Background())))
		return
	}
	consult(s, sess, token, alone, find, func(f foundPSK) engine.Result { return s.concludePSK(sess, f) })
}

// concludePSK tells whoever watches about a key that was not found. To the
// peer it is the same as a wrong one.
func (s *shard) concludePSK(sess *Session, f foundPSK) engine.Result {
	switch {
	case f.err != nil && !errors.Is(f.err, ErrUnknownIdentity):
		s.logLookup(sess, "the look-up of a pre-shared key", f.err)
		return engine.PSK{}
	case f.err != nil || len(f.key) == 0:
		s.logUnknownIdentity(sess)
		return engine.PSK{}
	default:
		return engine.PSK{Identity: f.identity, Key: f.key}
	}
}

// lookUpSession finds a session to resume in a server's cache.
func (s *shard) lookUpSession(sess *Session, token engine.Token, id string) {
	cache := sess.hs.profile.config.SessionCache
	conclude := func(session []byte) engine.Result {
		state, err := engine.ParseSessionState(session)
		if err != nil {
			return engine.SessionFound{}
		}
		return engine.SessionFound{Session: state}
	}
	if memory, ok := cache.(*memoryCache); ok {
		s.answer(sess, token, conclude(memory.Get(context.Background(), id)))
		return
	}
	find := func(ctx context.Context) []byte { return cache.Get(ctx, id) }
	consult(s, sess, token, alone, find, conclude)
}

// storeSession puts a session into the cache.
func (s *shard) storeSession(sess *Session, e *engine.Event) {
	hs := sess.hs
	if s.host.side == engine.Client {
		s.callOut()
		hs.profile.config.ClientSessionCache.Put(hs.target, &ClientSession{e.Session})
		s.callBack()
		return
	}
	id, session := string(e.Data), e.Session.Marshal()
	cache := hs.profile.config.SessionCache
	if memory, ok := cache.(*memoryCache); ok {
		memory.Put(context.Background(), id, session)
		return
	}
	go cache.Put(context.WithoutCancel(s.host.base), id, session)
}

// selectCredentials finds our certificates for a handshake.
func (s *shard) selectCredentials(sess *Session, token engine.Token, e *engine.Event) {
	p := sess.hs.profile
	var get func(context.Context) (*tls.Certificate, error)
	var name string
	if e.Request != nil {
		info := certificateRequestInfo(e.Request)
		get = func(context.Context) (*tls.Certificate, error) { return p.config.GetClientCertificate(info) }
	} else {
		name = e.Hello.ServerName
		if p.config.GetCertificate != nil && wantsCertificate(e.Hello) {
			info := clientHelloInfo(e.Hello, sess)
			get = func(context.Context) (*tls.Certificate, error) { return p.config.GetCertificate(info) }
		}
	}
	if get == nil {
		s.answer(sess, token, engine.Credentials{List: engineCredentials(p.credentialsFor(name))})
		return
	}
	find := func(ctx context.Context) engine.Credentials { return p.fetchCredentials(ctx, name, get) }
	consult(s, sess, token, alone, find, func(c engine.Credentials) engine.Result {
		if c.Err != nil {
			s.logLookup(sess, "the look-up of a certificate", c.Err)
		}
		return c
	})
}

// fetchCredentials asks the user's code for a certificate, and falls back on
// those of the configuration if it has none.
func (p *profile) fetchCredentials(ctx context.Context, name string, get func(context.Context) (*tls.Certificate, error)) engine.Credentials {
	cert, err := get(ctx)
	switch {
	case err != nil:
		return engine.Credentials{Err: err}
	case cert == nil:
		return engine.Credentials{List: engineCredentials(p.credentialsFor(name))}
	case len(cert.Certificate) == 0:
		return engine.Credentials{}
	}
	credential, err := trust.NewCredential(cert)
	if err != nil {
		return engine.Credentials{Err: err}
	}
	return engine.Credentials{List: engineCredentials([]trust.Credential{credential})}
}

// credentialsFor returns the certificates of the configuration, those first
// that are for the name the client asks for.
func (p *profile) credentialsFor(name string) []trust.Credential {
	if name == "" || len(p.credentials) < 2 {
		return p.credentials
	}
	list := slices.Clone(p.credentials)
	slices.SortStableFunc(list, func(a, b trust.Credential) int {
		switch fitsA, fitsB := a.IsFor(name), b.IsFor(name); {
		case fitsA == fitsB:
			return 0
		case fitsA:
			return -1
		default:
			return 1
		}
	})
	return list
}

// askForConfig asks the user's code for the configuration of a client, and
// begins the handshake with it.
func (s *shard) askForConfig(sess *Session, hello engine.Hello) {
	hs := sess.hs
	hs.expires = s.now.Add(s.host.handshakeTimeout())
	s.timers.set(sess, hs.expires)
	get := s.host.config.GetConfigForClient
	info, err := parseClientHello(hello.Body, sess)
	hs.context(s.host.base)
	alone(func() {
		p := s.host.profile
		if err == nil {
			p, err = s.host.profileFor(get(info))
		}
		s.post(func() {
			switch {
			case sess.ended:
			case err != nil:
				s.logLookup(sess, "the look-up of a configuration", err)
				s.end(sess, publicError(err))
			default:
				hs.profile = p
				s.begin(sess, hello)
			}
		})
	})
}

// profileFor makes what GetConfigForClient returned ready.
func (h *host) profileFor(c *Config, err error) (*profile, error) {
	if err != nil || c == nil {
		return h.profile, err
	}
	return c.profileUnder(h.config)
}
