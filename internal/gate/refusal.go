package gate

import (
	"errors"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A refusal says why the last hello was refused. Most refusals are only counted, and the words are found
// when somebody asks.
type refusal struct {
	door   *door13
	reason obstacle
}

// An obstacle is what a refusal is about.
type obstacle uint8

const (
	noVersion    obstacle = iota // in common
	noParameters                 // in common
	badCookie
)

var errBadCookie = errors.New("cookie is not one that the server made lately for this client and its hello")

func (r *refusal) Error() string { return r.Unwrap().Error() }

// Unwrap returns the *suite.ChoiceError, if it is one.
func (r *refusal) Unwrap() error {
	d := r.door
	var err error
	switch r.reason {
	case noVersion:
		_, err = suite.ChooseVersion(d.hello.Version, d.ext.SupportedVersions, d.versions)
	case noParameters:
		_, err = suite.ChooseParameters13(&d.offer, d.policy)
	default:
		err = errBadCookie
	}
	return err
}

// alertLen is the length of an alert with its header. Any datagram with a hello is longer.
const alertLen = wire.RecordHeaderLen + 2

// refuse appends a fatal alert to reply.
//
// It is in plaintext and without state, like the hello: it ends the attempt of a client that waits for an
// answer, and nobody else takes it for more than a hint.
func (g *Gate) refuse(in arrival, reason obstacle, alert wire.AlertDescription, reply []byte) (Verdict, []byte) {
	v := Verdict{Action: Refuse, Drop: wire.DropRefusedHello, Alert: alert, Err: &g.door.refusal}
	if reason == badCookie {
		v.Drop = wire.DropBadCookie
	}
	g.door.refusal.reason = reason
	reply = wire.AppendRecordHeader(reply, wire.ContentAlert, wire.VersionDTLS12, 0, in.recordSeq, alertLen-wire.RecordHeaderLen)
	return v, wire.Alert{Level: wire.AlertFatal, Description: alert}.AppendTo(reply)
}
