package engine

import (
	"bytes"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// clientStart is a client until the server's hello has come, and with it the
// version.
type clientStart struct {
	*handshake
	target  Target
	hello   wire.ClientHello
	offered wire.ClientExtensions // those of hello
	cookies int                   // HelloVerifyRequests followed
	begins  uint64                // number of the first record that carried hello

	// What is offered to a server of DTLS 1.3.

	shares    []keyShare
	psks      []clientPSK
	retry     *Retry // the HelloRetryRequest that hello answers
	retryBody []byte // of that request

	body      []byte // of hello
	restarted bool   // after a cookie that the server did not know
}

// A keyShare is one that we offer, with its private key.
type keyShare struct {
	group wire.Group
	key   suite.PrivateKey
}

// maxCookies is how many different HelloVerifyRequests a client follows.
const maxCookies = 3

var clientStartFlow = []row[*clientStart]{
	{awaitServerHello, wire.TypeHelloVerifyRequest, 0, (*clientStart).onHelloVerifyRequest},
	{awaitServerHello, wire.TypeServerHello, 0, (*clientStart).onServerHello},
}

func newClientStart(a *Association, now time.Time, target Target) *clientStart {
	h := newHandshake(a, now, awaitServerHello)
	// Until a version is agreed upon, records carry the one that every server
	// reads (RFC 6347, Section 4.2.1).
	h.flight.version = wire.VersionDTLS10
	c := &clientStart{handshake: h, target: target}
	h.role = c
	return c
}

func (c *clientStart) handle(now time.Time, m message) (state, error) {
	return dispatch(c, clientStartFlow, c.state, now, m)
}

func (c *clientStart) undecryptable() {}

func (c *clientStart) unanswered(int) {}

// screen takes a HelloVerifyRequest for the hello that waits for an answer,
// whatever its message_seq: a server that keeps nothing may begin every answer
// at 0. It drops one for an earlier hello. A hello that was repeated gets
// several answers, and the server goes on with the cookie of the first that we
// followed; to follow another would put another hello into the transcript.
//
// RFC 6347, Section 4.2.1: "the server MUST use the record sequence number in
// the ClientHello as the record sequence number in the HelloVerifyRequest".
func (c *clientStart) screen(recordSeq uint64, f wire.Fragment) wire.Drop {
	switch {
	case c.state != awaitServerHello || f.Type != wire.TypeHelloVerifyRequest:
		return wire.DropNone
	case recordSeq < c.begins:
		return wire.DropDuplicateMessage
	case uint32(f.Seq) >= c.sendSeq:
		return wire.DropFutureMessage
	case !f.Whole():
		return wire.DropNone
	}
	request, err := wire.ParseHelloVerifyRequest(f.Body)
	if err == nil && !c.follows(request) {
		return wire.DropDuplicateMessage
	}
	c.reassembly.skip(uint32(f.Seq))
	return wire.DropNone
}

// follows reports whether a request is news: repetitions change nothing, and
// a server that always wants another cookie is not one to please for ever. A
// first request may have an empty cookie.
func (c *clientStart) follows(request wire.HelloVerifyRequest) bool {
	return c.cookies == 0 || c.cookies < maxCookies && !bytes.Equal(request.Cookie, c.hello.Cookie)
}

// onHelloVerifyRequest repeats the hello with the cookie: RFC 6347,
// Section 4.2.1.
func (c *clientStart) onHelloVerifyRequest(now time.Time, m message) (state, error) {
	request, err := wire.ParseHelloVerifyRequest(m.body)
	if err != nil {
		return c.state, err
	}
	switch {
	case !c.a.cfg.speaks(wire.VersionDTLS12):
		return c.state, refuse(wire.AlertProtocolVersion, "no common version: client accepts %s; server sends a %v, which is of DTLS 1.2", names(c.a.cfg.Versions), m.typ)
	case c.retry != nil:
		return c.state, refuse(wire.AlertUnexpectedMessage, "unexpected %v after hello_retry_request", m.typ)
	}
	if !c.follows(request) {
		c.a.drop(wire.DropDuplicateMessage)
		return c.state, nil
	}
	c.cookies++
	c.hello.Cookie = request.Cookie
	return c.state, c.sendHello(now)
}

// onServerHello goes on as a client of the version that the server chose.
func (c *clientStart) onServerHello(now time.Time, m message) (state, error) {
	hello, err := wire.ParseServerHello(m.body)
	if err != nil {
		return c.state, err
	}
	version, err := hello.SelectedVersion()
	if err != nil {
		return c.state, err
	}
	if err := c.checkSelection(&hello, version); err != nil {
		return c.state, err
	}
	switch {
	case !slices.Contains(c.a.cfg.Versions, version):
		return c.state, refuse(wire.AlertProtocolVersion, "no common version: client accepts %s; server chose %v", names(c.a.cfg.Versions), version)
	case version == wire.VersionDTLS13 && hello.IsHelloRetryRequest():
		return c.onHelloRetryRequest(now, hello, m)
	case version == wire.VersionDTLS13:
		role := &client13{clientStart: c}
		return role.onServerHello(now, hello, m)
	case c.retry != nil:
		return c.state, refuse(wire.AlertIllegalParameter, "server chose %v after a hello_retry_request", version)
	case c.a.cfg.speaks(wire.VersionDTLS13) && hello.HasDowngradeSentinel():
		// RFC 8446, Section 4.1.3.
		return c.state, refuse(wire.AlertIllegalParameter, "%w", errDowngrade)
	default:
		role := &client12{clientStart: c}
		c.role = role
		c.record(m)
		return role.onServerHello(hello)
	}
}

// checkSelection refuses a ServerHello that does not say its version in the way
// of that version.
//
// RFC 8446, Section 4.2.1 and Section 4.1.3.
func (c *clientStart) checkSelection(hello *wire.ServerHello, version wire.Version) error {
	selects := version != hello.Version
	switch {
	case selects && version != wire.VersionDTLS13:
		return refuse(wire.AlertIllegalParameter, "server selects %v, which supported_versions cannot say", version)
	case !selects && hello.IsHelloRetryRequest():
		return refuse(wire.AlertIllegalParameter, "hello_retry_request does not select a version")
	default:
		return nil
	}
}

// checkChoices refuses choices of the application's protocols that were not
// offered.
func (c *clientStart) checkChoices(ext *wire.ServerExtensions) error {
	policy := &c.a.cfg.Policy
	switch {
	case len(ext.ALPN) > 0 && !slices.Contains(policy.NextProtos, string(ext.ALPN)):
		return refuse(wire.AlertIllegalParameter, "server chose application protocol %q, which was not offered", ext.ALPN)
	case ext.SRTP != nil && len(ext.SRTP.MKI) > 0:
		// RFC 5764, Section 4.1.3: none was offered.
		return refuse(wire.AlertIllegalParameter, "server chose an SRTP MKI, which was not offered")
	case ext.SRTP != nil && !slices.Contains(policy.SRTPProfiles, ext.SRTP.Profiles.At(0)):
		// RFC 5764, Section 4.1.3.
		return refuse(wire.AlertIllegalParameter, "server chose SRTP profile %#04x, which was not offered", ext.SRTP.Profiles.At(0))
	}
	return nil
}

// selectCredential finds the certificates with which a request of the server can
// be answered, if there was one.
func (c *clientStart) selectCredential(now time.Time, request *CertificateRequestInfo, then func(now time.Time, list []Credential) (state, error)) (state, error) {
	switch {
	case request == nil:
		return then(now, nil)
	case c.a.cfg.SelectCredentials:
		return ask(c.handshake, Event{Kind: EventSelectCredentials, Request: request}, func(now time.Time, r Credentials) (state, error) {
			if r.Err != nil {
				return c.state, refuse(wire.AlertHandshakeFailure, "no certificate for this server: %w", r.Err)
			}
			return then(now, r.List)
		})
	default:
		return then(now, c.a.cfg.Credentials)
	}
}
