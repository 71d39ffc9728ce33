package dtls

import (
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A dormitory is where sessions sleep. An idle session needs a fraction of what
// it takes to send and receive, and nothing that the collector has to look at.
// What a session wakes with is used again by the next.
type dormitory struct {
	slab         slab
	buf          []byte // of a session that falls asleep
	lives        []*live
	associations []*engine.Association
}

// maxPooled bounds what is kept for those that wake.
const maxPooled = 256

func (d *dormitory) takeLive() *live {
	last := len(d.lives) - 1
	if last < 0 {
		return &live{}
	}
	l := d.lives[last]
	d.lives[last] = nil
	d.lives = d.lives[:last]
	return l
}

// giveLive takes a live part back that nobody uses any more.
func (d *dormitory) giveLive(l *live) {
	*l = live{}
	if len(d.lives) < maxPooled {
		d.lives = append(d.lives, l)
	}
}

func (d *dormitory) takeAssociation() *engine.Association {
	last := len(d.associations) - 1
	if last < 0 {
		return engine.NewIdle()
	}
	a := d.associations[last]
	d.associations[last] = nil
	d.associations = d.associations[:last]
	return a
}

// giveAssociation takes an association back that was packed.
func (d *dormitory) giveAssociation(a *engine.Association) {
	if len(d.associations) < maxPooled {
		d.associations = append(d.associations, a)
	}
}

// keep keeps the packed live part of a session.
func (d *dormitory) keep(sess *Session, packed []byte) {
	if len(packed) <= maxSlabbed {
		sess.place = d.slab.put(packed)
		return
	}
	sess.rarely().packed = append([]byte(nil), packed...)
}

// packed returns what keep kept.
func (d *dormitory) packed(sess *Session) []byte {
	if sess.place != 0 {
		return d.slab.get(sess.place)
	}
	return sess.rare.Load().packed
}

// forget wipes what keep kept.
func (d *dormitory) forget(sess *Session) {
	if sess.place != 0 {
		d.slab.drop(sess.place)
		sess.place = 0
		return
	}
	rare := sess.rare.Load()
	clear(rare.packed)
	rare.packed = nil
}

// sleep has a session fall asleep, unless something is still going on.
func (s *shard) sleep(sess *Session) bool {
	l := sess.live
	switch {
	case sess.ended, l.hs != nil, l.rival != nil, sess.closing.Load():
		return false
	case l.path != nil && l.path.stage != unproven, !l.assoc.AtRest():
		return false
	}
	s.timers.set(sess, time.Time{}) // what is to be forgotten can wait
	d := &s.dorm
	d.buf = l.pack(d.buf[:0])
	d.keep(sess, d.buf)
	clear(d.buf)
	s.awake.remove(sess)
	d.giveAssociation(l.assoc)
	sess.live = nil
	d.giveLive(l)
	return true
}

// wake wakes a session that sleeps. Whatever is done to a session begins with
// it; to look is possible without.
func (s *shard) wake(sess *Session) {
	if sess.live != nil || sess.ended {
		return
	}
	d := &s.dorm
	l, a := d.takeLive(), d.takeAssociation()
	packed := d.packed(sess)
	s.unpack(a, sess, l.unpack(packed, sess.at()))
	l.assoc = a
	d.forget(sess)
	sess.live = l
	s.awake.add(sess)
}

// unpack goes on with the packed association of a session.
func (s *shard) unpack(a *engine.Association, sess *Session, packed []byte) {
	if err := a.Unpack(s.configOf(sess), s.ws, packed); err != nil {
		panic("dtls: a session cannot be woken: " + err.Error())
	}
}

// associationOf returns the association of a session to look at: a copy, if the
// session sleeps. It is nil if there is none. The shard's lock is held.
func (s *shard) associationOf(sess *Session) *engine.Association {
	switch {
	case sess.live != nil:
		return sess.assoc
	case sess.ended:
		return nil
	}
	a := engine.NewIdle()
	var l live
	s.unpack(a, sess, l.unpack(s.dorm.packed(sess), route{}))
	return a
}

// configOf returns the configuration of the association of an established session.
func (s *shard) configOf(sess *Session) *engine.Config {
	p := s.host.profile
	if rare := sess.rare.Load(); rare != nil && rare.profile != nil {
		p = rare.profile
	}
	return s.engineConfig(p)
}

// glimpse returns what can be told of a session, without waking it. The shard's
// lock is held.
func (s *shard) glimpse(sess *Session) glimpse {
	switch {
	case sess.live != nil:
		return glimpse{sess.established(), sess.negotiated(), sess.tally}
	case sess.ended:
		return *sess.rare.Load().last
	default:
		return peek(s.dorm.packed(sess))
	}
}

// helloHashOf returns the hash of the hello that a session began with.
func (s *shard) helloHashOf(sess *Session) uint64 {
	if sess.live != nil {
		return sess.helloHash
	}
	in := unpacker(s.dorm.packed(sess))
	return in.uint64()
}

// bury takes from sessions that have ended in this turn what nobody needs any
// more.
func (s *shard) bury() {
	for i, sess := range s.dead {
		l := sess.live
		sess.rarely().last = &glimpse{l.hs == nil, l.state, l.tally}
		s.awake.remove(sess)
		sess.live = nil
		s.dorm.giveLive(l)
		s.dead[i] = nil
	}
	s.dead = s.dead[:0]
}
