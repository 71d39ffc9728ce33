package gate

import (
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Retry is what a HelloRetryRequest said whose cookie came back.
type Retry struct {
	Suite     *suite.Suite13
	Group     wire.Group // of the key agreement; 0 without one
	Share     bool       // a share of Group was asked for
	HelloHash []byte     // of the first ClientHello, with Suite.Hash: RFC 8446, Section 4.4.1
	Cookie    []byte
}

// request returns the message.
func (r *Retry) request() wire.HelloRetryRequest {
	m := wire.HelloRetryRequest{CipherSuite: r.Suite.ID, Cookie: r.Cookie}
	if r.Share {
		m.Group = r.Group
	}
	return m
}

// maxRequestLen is the length of the longest HelloRetryRequest with its headers: that of a ServerHello with
// three extensions.
const maxRequestLen = wire.RecordHeaderLen + wire.FragmentHeaderLen + 40 + 6 + 6 + 6 + maxCookie13

// askAgain appends a HelloRetryRequest for the hello with that body to reply, unless less was received: as
// for challenge.
func (g *Gate) askAgain(in arrival, body []byte, chosen suite.Parameters13, reply []byte) (Verdict, []byte) {
	d := g.door
	d.retry = Retry{Suite: chosen.Suite, Group: chosen.Group, Share: chosen.Retry, HelloHash: d.hash(chosen.Suite, body)}
	d.cookie = g.baker.bake13(d.cookie[:0], in.now, in.peer, &d.hello, &d.retry)
	d.retry.Cookie = d.cookie
	d.request = d.retry.request().AppendTo(d.request[:0])
	n := wire.FragmentHeaderLen + len(d.request)
	if in.size < wire.RecordHeaderLen+n {
		return dropped(wire.DropReplyTooLong), reply
	}
	// Nothing is remembered, so that both sequence numbers are mirrored as in a HelloVerifyRequest.
	reply = wire.AppendRecordHeader(reply, wire.ContentHandshake, wire.VersionDTLS12, 0, in.recordSeq, n)
	reply = wire.AppendMessageHeader(reply, wire.TypeServerHello, in.messageSeq, len(d.request))
	return Verdict{Action: Reply}, append(reply, d.request...)
}
