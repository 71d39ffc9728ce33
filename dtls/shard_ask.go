package dtls

import (
	"bytes"
	"context"
	"errors"

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
		s.verify(sess, e.Token, e)
	case engine.EventLookupPSK:
		s.lookUpPSK(sess, e.Token, bytes.Clone(e.Data), e.Ticket)
	case engine.EventLookupSession:
		s.lookUpSession(sess, e.Token, string(e.Data))
	case engine.EventSelectCredentials:
		s.selectCredentials(sess, e.Token, e)
	}
}

// answer gives the engine an answer while its events are being drained.
func (s *shard) answer(sess *Session, token engine.Token, result engine.Result) {
	sess.assoc.Resolve(s.now, token, result)
	s.reserve(sess)
}

// resolve gives the engine an answer that was found elsewhere.
func (s *shard) resolve(sess *Session, token engine.Token, result engine.Result) {
	if sess.ended || sess.established() {
		return
	}
	sess.hs.questions--
	sess.assoc.Resolve(s.now, token, result)
	s.drain(sess)
}

// compute runs a job of the engine. A client has nobody whom it could keep
// waiting; a server has workers for it, or takes it between two reads.
func (s *shard) compute(sess *Session, token engine.Token, job engine.Job) {
	if s.host.side == engine.Client {
		s.answer(sess, token, job())
		return
	}
	sess.hs.questions++
	if s.chores.own {
		s.chores.add(sess, token, job)
		return
	}
	s.host.workers.do(func() {
		if sess.closing.Load() {
			return // nobody waits for it any more
		}
		s.inbox.post(inboxItem{kind: itemAnswer, session: sess, token: token, result: job()})
	})
}

// lookUp finds an answer by means of a server's user: at once, if the user says
// that this does not wait, or on a goroutine of its own.
func lookUp[T any](s *shard, sess *Session, token engine.Token, find func(context.Context) T, conclude func(T) engine.Result) {
	if !sess.hs.profile.config.LookupsInMemory || s.host.side == engine.Client {
		consult(s, sess, token, s.host.halfOpen.lookUp, find, conclude)
		return
	}
	s.callOut()
	found := find(s.host.base)
	s.callBack()
	s.answer(sess, token, conclude(found))
}

// consult runs find elsewhere, by means of run, and conclude with what it
// found back on the shard, where it makes the answer. Nothing is concluded
// for a handshake that is over.
func consult[T any](s *shard, sess *Session, token engine.Token, run func(func()), find func(context.Context) T, conclude func(T) engine.Result) {
	sess.hs.questions++
	ctx := sess.hs.context(s.host.base)
	run(func() {
		if sess.closing.Load() {
			return // nobody waits for it any more
		}
		found := find(ctx)
		s.post(func() {
			if !sess.ended {
				s.resolve(sess, token, conclude(found))
			}
		})
	})
}

// verification is what a chain of certificates led to.
type verification struct {
	peer *trust.Peer
	err  error
}

func (s *shard) verify(sess *Session, token engine.Token, e *engine.Event) {
	hs := sess.hs
	verify, waits := hs.profile.verifierOf(e.KeyType)
	run := s.host.workers.do
	if waits {
		run = s.host.halfOpen.lookUp
	}
	chain := cloneChain(e.Chain)
	consult(s, sess, token, run, func(context.Context) verification {
		peer, err := verify(chain)
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
