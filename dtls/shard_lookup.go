package dtls

import (
	"context"
	"errors"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// foundPSK is what a store or a client's function answered.
type foundPSK struct {
	identity, key []byte
	err           error
}

// lookUpPSK finds a key: a server's for the identity in data, a client's for
// the hint. A ticket that is not known here is looked up as well, without a word
// about an identity.
func (s *shard) lookUpPSK(sess *Session, token engine.Token, data []byte, ticket bool) {
	config := sess.hs.profile.config
	if s.host.side == engine.Client {
		if !sess.hs.asked {
			sess.hs.asked = true
			s.logIdentity(sess, nil)
		}
		consult(s, sess, token, s.host.halfOpen.lookUp, func(ctx context.Context) foundPSK {
			identity, key, err := config.ClientPSK(ctx, data)
			return foundPSK{identity, key, err}
		}, func(f foundPSK) engine.Result { return s.concludePSK(sess, f) })
		return
	}
	conclude := func(f foundPSK) engine.Result { return s.concludePSK(sess, f) }
	if ticket {
		s.logStaleTicket(sess)
		conclude = func(f foundPSK) engine.Result { return engine.PSK{Key: f.key} }
	} else {
		sess.hs.identity = data
		s.logIdentity(sess, data)
	}
	find := func(ctx context.Context) foundPSK {
		key, err := config.PSK.LookupPSK(ctx, data)
		return foundPSK{nil, key, err}
	}
	if _, static := config.PSK.(StaticPSK); static {
		s.answer(sess, token, conclude(find(context.Background())))
		return
	}
	lookUp(s, sess, token, find, conclude)
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
		sess.hs.known = true
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
	consult(s, sess, token, s.host.halfOpen.lookUp, find, conclude)
}

// storeSession puts a session into the cache.
func (s *shard) storeSession(sess *Session, e *engine.Event) {
	if s.host.side == engine.Client {
		s.callOut()
		s.host.config.ClientSessionCache.Put(s.server, &ClientSession{e.Session})
		s.callBack()
		return
	}
	hs := sess.hs
	id, session := string(e.Data), e.Session.Marshal()
	cache := hs.profile.config.SessionCache
	if memory, ok := cache.(*memoryCache); ok {
		memory.Put(context.Background(), id, session)
		return
	}
	s.host.halfOpen.lookUp(func() { cache.Put(context.WithoutCancel(s.host.base), id, session) })
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
	s.host.halfOpen.lookUp(func() {
		p := s.host.profile
		if err == nil {
			p, err = s.host.profileFor(get(info))
		}
		if err == nil {
			err = p.keeps(hello.Retry)
		}
		s.post(func() {
			switch {
			case sess.ended:
			case err != nil:
				s.logLookup(sess, "the look-up of a configuration", err)
				s.refuse(sess, hello, err)
			default:
				hs.profile = p
				s.begin(sess, hello)
			}
		})
	})
}

// refuse answers a hello with an alert, without a handshake.
func (s *shard) refuse(sess *Session, hello engine.Hello, err error) {
	reason := &engine.LocalError{Alert: wire.AlertHandshakeFailure, Err: err}
	alert := wire.Alert{Level: wire.AlertFatal, Description: engine.AlertFor(reason)}
	content := alert.AppendTo(nil)
	out := s.out.room(wire.RecordHeaderLen + len(content))
	out = wire.AppendRecordHeader(out, wire.ContentAlert, wire.VersionDTLS12, 0, hello.RecordSeq, len(content))
	s.queue(append(out, content...), sess.at())
	s.end(sess, publicError(reason))
}

// profileFor makes what GetConfigForClient returned ready.
func (h *host) profileFor(c *Config, err error) (*profile, error) {
	if err != nil || c == nil {
		return h.profile, err
	}
	return c.profileUnder(h.config)
}
