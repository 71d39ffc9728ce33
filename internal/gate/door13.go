package gate

import (
	"crypto"
	"hash"
	"slices"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A door13 is the part of a gate that knows versions, and speaks DTLS 1.3 if that is one of them. All but the
// settings is about the hello at hand.
type door13 struct {
	versions []wire.Version
	speaks   bool // DTLS 1.3
	policy   *suite.Policy

	hello   wire.ClientHello
	ext     wire.RetryExtensions
	offer   suite.Offer13
	retry   Retry
	refusal refusal

	// Scratch: the shares of offer, the hash and the cookie of retry, the body of the message, and the states
	// of the hashes.
	shares          []wire.Group
	helloHash       []byte
	cookie, request []byte
	header          []byte
	sha256, sha384  hash.Hash
}

func newDoor13(versions []wire.Version, policy *suite.Policy) *door13 {
	speaks := slices.Contains(versions, wire.VersionDTLS13)
	if speaks && policy == nil {
		panic("gate: DTLS 1.3 without a policy")
	}
	d := &door13{
		versions:  slices.Clone(versions),
		speaks:    speaks,
		policy:    policy,
		shares:    make([]wire.Group, 0, len(groups)),
		helloHash: make([]byte, 0, maxHelloHash),
		cookie:    make([]byte, 0, maxCookie13),
		request:   make([]byte, 0, maxRequestLen),
		header:    make([]byte, 0, wire.FragmentHeaderLen),
		sha256:    crypto.SHA256.New(),
		sha384:    crypto.SHA384.New(),
	}
	d.refusal.door = d
	return d
}

// receiveHello13 handles a whole ClientHello where it is known which versions there are. It reports false for
// one that is to be answered in DTLS 1.2.
//
// A server without DTLS 1.3 refuses only who lists versions: others are told in the handshake.
func (g *Gate) receiveHello13(in arrival, hello *wire.ClientHello, body, reply []byte) (Verdict, []byte, bool) {
	d, v := g.door, Verdict{}
	var err error
	if d.ext, err = wire.ParseRetryExtensions(hello.Extensions); err != nil {
		if !d.speaks {
			return Verdict{}, reply, false
		}
		return dropped(wire.DropMalformedHello), reply, true
	}
	d.hello = *hello
	version, ok := suite.TryVersion(hello.Version, d.ext.SupportedVersions, d.versions)
	refused := !ok && (d.speaks || d.ext.SupportedVersions != nil)
	first := d.ext.Cookie == nil
	switch {
	case !refused && version != wire.VersionDTLS13:
		return Verdict{}, reply, false
	case !refused && first && !g.asks(in):
		v = Verdict{Action: Admit, Hello: body, MessageSeq: in.messageSeq}
	case !refused && !first && g.baker.open13(in.now, in.peer, hello, d.ext.Cookie, &d.retry):
		v = g.admit(in)
		v.Hello, v.MessageSeq, v.Retry = body, in.messageSeq, &d.retry
	case !g.mayAnswer(in):
		v = dropped(wire.DropAnswerLimit)
	case refused:
		v, reply = g.refuse(in, noVersion, wire.AlertProtocolVersion, reply)
	case first:
		v, reply = g.answerFirst(in, body, reply)
	default:
		// RFC 9147, Section 5.1: "If a server receives a ClientHello with an invalid cookie, it MUST
		// terminate the handshake with an "illegal_parameter" alert."
		v, reply = g.refuse(in, badCookie, wire.AlertIllegalParameter, reply)
	}
	return v, reply, true
}

// answerFirst answers a hello of DTLS 1.3 without a cookie.
func (g *Gate) answerFirst(in arrival, body, reply []byte) (Verdict, []byte) {
	d := g.door
	d.makeOffer()
	chosen, alert, ok := suite.TryParameters13(&d.offer, d.policy)
	if !ok {
		return g.refuse(in, noParameters, alert, reply)
	}
	return g.askAgain(in, body, chosen, reply)
}

// someKeys stands for pre-shared keys that nobody has looked up.
var someKeys = make([]suite.OfferedPSK, 1)

// makeOffer sets the offer to what the hello offers. Shares of groups that nobody knows are left out, of
// which there may be many.
func (d *door13) makeOffer() {
	d.offer = suite.Offer13{
		CompressionMethods:  d.hello.CompressionMethods,
		CipherSuites:        d.hello.CipherSuites,
		Groups:              d.ext.SupportedGroups,
		SignatureAlgorithms: d.ext.SignatureAlgorithms,
		PSKModes:            d.ext.PSKKeyExchangeModes,
	}
	if d.ext.HasKeyShare {
		d.shares = d.shares[:0]
		for share := range d.ext.KeyShares.All() {
			if slices.Contains(groups, share.Group) && !slices.Contains(d.shares, share.Group) {
				d.shares = append(d.shares, share.Group)
			}
		}
		d.offer.Shares = d.shares
	}
	if len(d.ext.PreSharedKey.Identities) > 0 {
		d.offer.PSKs = someKeys
	}
}

// hash returns the hash of a ClientHello with that body, as it stands in the transcript of DTLS 1.3. It is a
// view that the next call overwrites.
func (d *door13) hash(s *suite.Suite13, body []byte) []byte {
	h := d.sha256
	if s.Hash == crypto.SHA384 {
		h = d.sha384
	}
	h.Reset()
	d.header = wire.AppendMessageHeader13(d.header[:0], wire.TypeClientHello, len(body))
	h.Write(d.header)
	h.Write(body)
	d.helloHash = h.Sum(d.helloHash[:0])
	return d.helloHash
}
