package engine

import (
	"bytes"
	"crypto"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// client12 is the client's side of a DTLS 1.2 handshake. The flow is drawn at
// [server12].
type client12 struct {
	*handshake
	target  Target
	hello   wire.ClientHello
	offered wire.ClientExtensions // those of hello
	cookies int                   // HelloVerifyRequests followed
	begins  uint64                // number of the first record that carried hello

	serverKey   crypto.PublicKey        // of the server's certificate
	exchange    wire.ServerKeyExchange  // the server's key share
	request     *CertificateRequestInfo // nil if there was none
	credential  Credential              // our answer to it; empty if there is none
	scheme      wire.SignatureScheme    // to sign with
	psk         []byte
	takesTicket bool // the server announced one
	ticket      []byte
}

// maxCookies is how many different HelloVerifyRequests a client follows.
const maxCookies = 3

var client12Flow = []row[*client12]{
	{awaitServerHello, wire.TypeHelloVerifyRequest, (*client12).onHelloVerifyRequest},
	{awaitServerHello, wire.TypeServerHello, (*client12).onServerHello},
	{awaitCertificate, wire.TypeCertificate, (*client12).onCertificate},
	{awaitServerKeyExchange, wire.TypeServerKeyExchange, (*client12).onServerKeyExchange},
	{awaitHintOrDone, wire.TypeServerKeyExchange, (*client12).onServerKeyExchange},
	{awaitHintOrDone, wire.TypeServerHelloDone, (*client12).onServerHelloDone},
	{awaitRequestOrDone, wire.TypeCertificateRequest, (*client12).onCertificateRequest},
	{awaitRequestOrDone, wire.TypeServerHelloDone, (*client12).onServerHelloDone},
	{awaitServerHelloDone, wire.TypeServerHelloDone, (*client12).onServerHelloDone},
	{awaitTicket, wire.TypeNewSessionTicket, (*client12).onNewSessionTicket},
	{awaitFinished, wire.TypeFinished, (*client12).onFinished},
}

func newClient12(a *Association, now time.Time, target Target) *client12 {
	h := newHandshake(a, now, awaitServerHello)
	// Until a version is agreed upon, records carry the one that every server
	// reads (RFC 6347, Section 4.2.1).
	h.flight.version = wire.VersionDTLS10
	c := &client12{handshake: h, target: target}
	h.role = c
	return c
}

func (c *client12) handle(now time.Time, m message) (state, error) {
	return dispatch(c, client12Flow, c.state, now, m)
}

func (c *client12) undecryptable() {}

// patience is how many flights of ours stay unanswered before we look for a
// reason.
const patience = 2

// unanswered suspects a wrong key when the server answered our hello but has
// not accepted our Finished.
func (c *client12) unanswered(attempt int) {
	if attempt >= patience && (c.state == awaitTicket || c.state == awaitFinished) &&
		c.a.suite.KeyExchange.UsesPSK() && !c.result.Resumed {
		c.suspect(ErrWrongKey)
	}
}

// screen takes a HelloVerifyRequest for the hello that waits for an answer,
// whatever its message_seq: a server that keeps nothing may begin every answer
// at 0. It drops one for an earlier hello. A hello that was repeated gets
// several answers, and the server goes on with the cookie of the first that we
// followed; to follow another would put another hello into the transcript.
//
// RFC 6347, Section 4.2.1: "the server MUST use the record sequence number in
// the ClientHello as the record sequence number in the HelloVerifyRequest".
func (c *client12) screen(recordSeq uint64, f wire.Fragment) wire.Drop {
	switch {
	case c.state != awaitServerHello || f.Type != wire.TypeHelloVerifyRequest:
		return wire.DropNone
	case recordSeq < c.begins:
		return wire.DropDuplicateMessage
	case f.Seq >= c.sendSeq:
		return wire.DropFutureMessage
	case !f.Whole():
		return wire.DropNone
	}
	request, err := wire.ParseHelloVerifyRequest(f.Body)
	if err == nil && !c.follows(request) {
		return wire.DropDuplicateMessage
	}
	c.reassembly.skip(f.Seq)
	return wire.DropNone
}

// follows reports whether a request is news: repetitions change nothing, and
// a server that always wants another cookie is not one to please for ever. A
// first request may have an empty cookie.
func (c *client12) follows(request wire.HelloVerifyRequest) bool {
	return c.cookies == 0 || c.cookies < maxCookies && !bytes.Equal(request.Cookie, c.hello.Cookie)
}

// onHelloVerifyRequest repeats the hello with the cookie: RFC 6347,
// Section 4.2.1.
func (c *client12) onHelloVerifyRequest(now time.Time, m message) (state, error) {
	request, err := wire.ParseHelloVerifyRequest(m.body)
	if err != nil {
		return c.state, err
	}
	if !c.follows(request) {
		c.a.drop(wire.DropDuplicateMessage)
		return c.state, nil
	}
	c.cookies++
	c.hello.Cookie = request.Cookie
	return c.state, c.sendHello(now)
}

func (c *client12) onServerHello(now time.Time, m message) (state, error) {
	hello, err := wire.ParseServerHello(m.body)
	if err != nil {
		return c.state, err
	}
	ext, err := wire.ParseServerExtensions(hello.Extensions)
	if err != nil {
		return c.state, err
	}
	chosen, err := c.checkServerHello(&hello, &ext)
	if err != nil {
		return c.state, err
	}
	c.a.suite = chosen
	c.flight.version = wire.VersionDTLS12
	c.serverRandom = hello.Random
	c.extendedMasterSecret = ext.ExtendedMasterSecret
	c.encryptThenMAC = ext.EncryptThenMAC && chosen.CBC()
	c.takesTicket = ext.SessionTicket
	c.result.ALPN = string(ext.ALPN)
	c.result.ServerName = c.target.ServerName
	if ext.SRTP != nil {
		c.result.SRTPProfile = ext.SRTP.Profiles.At(0)
	}
	if ext.RecordSizeLimit > 0 {
		c.a.peerRecordSize = min(ext.RecordSizeLimit, wire.MaxPlaintext)
		c.a.ownRecordSize = min(c.offered.RecordSizeLimit, wire.MaxPlaintext)
	}
	c.takeCID(&ext)
	c.transcript.begin(chosen.Hash, chosen.KeyExchange.UsesCertificate())
	if c.resumes(&hello) {
		return c.resume()
	}
	c.sessionID = hello.SessionID
	return c.afterHello(), nil
}

// afterHello returns the state in which the server's messages begin.
func (c *client12) afterHello() state {
	switch kind := c.a.suite.KeyExchange; {
	case kind.UsesCertificate():
		return awaitCertificate
	case kind.UsesECDHE():
		return awaitServerKeyExchange
	default:
		return awaitHintOrDone
	}
}

// checkServerHello returns the suite, or what is wrong with the server's
// choices.
func (c *client12) checkServerHello(hello *wire.ServerHello, ext *wire.ServerExtensions) (*suite.Suite, error) {
	if hello.Version != wire.VersionDTLS12 {
		return nil, refuse(wire.AlertProtocolVersion, "no common version: client accepts DTLS 1.2; server chose %v", hello.Version)
	}
	chosen := suite.Lookup(hello.CipherSuite)
	if chosen == nil || !slices.Contains(c.offeredSuites(), uint16(hello.CipherSuite)) {
		return nil, refuse(wire.AlertIllegalParameter, "server chose cipher suite %v, which was not offered", hello.CipherSuite)
	}
	if hello.CompressionMethod != 0 {
		return nil, refuse(wire.AlertIllegalParameter, "server chose compression method %d, which was not offered", hello.CompressionMethod)
	}
	if err := c.checkServerExtensions(chosen, ext); err != nil {
		return nil, err
	}
	if s := c.target.Session; c.resumes(hello) && (chosen.ID != s.Suite || !ext.ExtendedMasterSecret) {
		// RFC 7627, Section 5.3.
		return nil, refuse(wire.AlertIllegalParameter, "server resumes with other parameters than those of the session")
	}
	return chosen, nil
}

func (c *client12) checkServerExtensions(chosen *suite.Suite, ext *wire.ServerExtensions) error {
	for _, id := range ext.Present {
		// renegotiation_info was offered as a signalling suite.
		if !c.offered.Has(id) && id != wire.ExtensionRenegotiationInfo {
			return refuse(wire.AlertUnsupportedExtension, "server sent extension %v, which was not offered", id)
		}
	}
	policy := &c.a.cfg.Policy
	switch {
	case len(ext.RenegotiationInfo) > 0:
		// RFC 5746, Section 3.4.
		return refuse(wire.AlertHandshakeFailure, "renegotiation_info is not empty in an initial handshake")
	case policy.ExtendedMasterSecretRequired && !ext.ExtendedMasterSecret:
		return refuse(wire.AlertHandshakeFailure, "server does not support extended_master_secret, which the client requires")
	case chosen.CBC() && policy.EncryptThenMACRequired && !ext.EncryptThenMAC:
		return refuse(wire.AlertHandshakeFailure, "server does not support encrypt_then_mac, which the client requires for %v", chosen)
	case len(ext.ALPN) > 0 && !slices.Contains(policy.NextProtos, string(ext.ALPN)):
		return refuse(wire.AlertIllegalParameter, "server chose application protocol %q, which was not offered", ext.ALPN)
	case ext.SRTP != nil && !slices.Contains(policy.SRTPProfiles, ext.SRTP.Profiles.At(0)):
		// RFC 5764, Section 4.1.3.
		return refuse(wire.AlertIllegalParameter, "server chose SRTP profile %#04x, which was not offered", ext.SRTP.Profiles.At(0))
	}
	return nil
}

// resumes reports whether the server takes the session that we offered, which
// it says by echoing its ID.
func (c *client12) resumes(hello *wire.ServerHello) bool {
	return c.target.Session != nil && len(c.sessionID) > 0 && bytes.Equal(hello.SessionID, c.sessionID)
}

// resume goes on with a session. A certificate in it is verified again: it may
// have expired since, or may have been taken under laxer rules.
func (c *client12) resume() (state, error) {
	c.result.Resumed = true
	session := c.target.Session
	if len(session.PeerChain) == 0 {
		return c.useSession(session)
	}
	return ask(c.handshake, Event{Kind: EventVerify, Chain: session.PeerChain, Resuming: true}, func(_ time.Time, r Verified) (state, error) {
		if err := r.refusal(); err != nil {
			return c.state, err
		}
		return c.useSession(session)
	})
}

// useSession derives the keys at once; the server's Finished comes first.
func (c *client12) useSession(session *SessionState) (state, error) {
	c.result.Identity = session.Identity
	c.result.PeerChain = session.PeerChain
	c.master = session.Master
	c.encryptThenMAC = session.EncryptThenMAC
	c.installKeys()
	return c.beforeFinished(), nil
}

// beforeFinished returns the state in which the server's last flight begins.
func (c *client12) beforeFinished() state {
	if c.takesTicket {
		return awaitTicket
	}
	return awaitFinished
}

func (c *client12) onCertificate(_ time.Time, m message) (state, error) {
	certificate, err := wire.ParseCertificate(m.body)
	if err != nil {
		return c.state, err
	}
	if len(certificate.Chain) == 0 {
		// RFC 5246, Section 7.4.2: the server's chain has at least its own.
		return c.state, refuse(wire.AlertDecodeError, "server sent no certificate")
	}
	return ask(c.handshake, Event{Kind: EventVerify, Chain: certificate.Chain}, func(_ time.Time, r Verified) (state, error) {
		if err := r.refusal(); err != nil {
			return c.state, err
		}
		if !c.a.suite.KeyExchange.Accepts(r.PublicKey) {
			return c.state, refuse(wire.AlertIllegalParameter, "the server's certificate does not go with %v", c.a.suite)
		}
		c.serverKey = r.PublicKey
		c.result.PeerChain = certificate.Chain
		return awaitServerKeyExchange, nil
	})
}

func (c *client12) onServerKeyExchange(_ time.Time, m message) (state, error) {
	kind := c.a.suite.KeyExchange
	exchange, err := wire.ParseServerKeyExchange(kind.Form(), m.body)
	if err != nil {
		return c.state, err
	}
	c.exchange = exchange
	c.result.Hint = exchange.IdentityHint
	if kind.UsesECDHE() && !slices.Contains(c.a.cfg.Policy.Groups, exchange.Group) {
		return c.state, refuse(wire.AlertIllegalParameter, "server chose group %v, which was not offered", exchange.Group)
	}
	c.result.Group = exchange.Group
	if !kind.UsesCertificate() {
		return awaitServerHelloDone, nil
	}
	if !slices.Contains(c.a.cfg.Policy.Schemes, exchange.Scheme) {
		return c.state, refuse(wire.AlertIllegalParameter, "server signs with %v, which was not offered", exchange.Scheme)
	}
	key := c.serverKey
	signed := slices.Concat(c.clientRandom[:], c.serverRandom[:], exchange.Params)
	check := func() (struct{}, error) {
		return struct{}{}, suite.Verify(key, exchange.Scheme, signed, exchange.Signature)
	}
	return compute(c.handshake, check, func(time.Time, struct{}) (state, error) {
		return awaitRequestOrDone, nil
	})
}

func (c *client12) onCertificateRequest(_ time.Time, m message) (state, error) {
	request, err := wire.ParseCertificateRequest(m.body)
	if err != nil {
		return c.state, err
	}
	c.request = newCertificateRequestInfo(request, c.a.cfg.Policy.Schemes)
	return awaitServerHelloDone, nil
}

// onServerHelloDone begins our second flight, with what has to be looked up.
func (c *client12) onServerHelloDone(now time.Time, m message) (state, error) {
	if len(m.body) > 0 {
		return c.state, wire.ParseError{Message: "server_hello_done", Field: "length"}
	}
	if !c.a.suite.KeyExchange.UsesPSK() {
		return c.selectCredential(now)
	}
	return ask(c.handshake, Event{Kind: EventLookupPSK, Data: c.result.Hint}, func(now time.Time, r PSK) (state, error) {
		if len(r.Key) == 0 {
			return c.state, refuse(wire.AlertHandshakeFailure, "%w", ErrNoPSK)
		}
		c.psk = r.Key
		c.result.Identity = r.Identity
		return c.selectCredential(now)
	})
}

// selectCredential chooses the certificate that the server asked for, if it
// did.
func (c *client12) selectCredential(now time.Time) (state, error) {
	switch {
	case c.request == nil:
		return c.agreeOnKey(now)
	case c.a.cfg.SelectCredentials:
		return ask(c.handshake, Event{Kind: EventSelectCredentials, Request: c.request}, func(now time.Time, r Credentials) (state, error) {
			if r.Err != nil {
				return c.state, refuse(wire.AlertHandshakeFailure, "no certificate for this server: %w", r.Err)
			}
			return c.answerWith(now, r.List)
		})
	default:
		return c.answerWith(now, c.a.cfg.Credentials)
	}
}

// answerWith takes the first credential that the server accepts, if there is
// one.
func (c *client12) answerWith(now time.Time, list []Credential) (state, error) {
	for _, credential := range list {
		if scheme, err := c.request.scheme(credential); err == nil {
			c.credential, c.scheme = credential, scheme
			break
		}
	}
	return c.agreeOnKey(now)
}

// clientKeyShare is what the computation of a ClientKeyExchange yields.
type clientKeyShare struct {
	public    []byte
	premaster []byte
}

// agreeOnKey computes our key share, where there is one, and the premaster
// secret.
func (c *client12) agreeOnKey(now time.Time) (state, error) {
	if !c.a.suite.KeyExchange.UsesECDHE() {
		return c.sendKeyExchange(now, clientKeyShare{premaster: suite.PSKPremaster(nil, c.psk)})
	}
	keys, exchange, psk := c.a.cfg.Keys, c.exchange, c.psk
	agreement := func() (clientKeyShare, error) {
		key, err := keys.GenerateKey(exchange.Group)
		if err != nil {
			return clientKeyShare{}, err
		}
		secret, err := key.SharedSecret(exchange.PublicKey)
		if err != nil {
			return clientKeyShare{}, err
		}
		if psk != nil {
			secret = suite.PSKPremaster(secret, psk)
		}
		return clientKeyShare{key.PublicKey(), secret}, nil
	}
	return compute(c.handshake, agreement, func(now time.Time, share clientKeyShare) (state, error) {
		return c.sendKeyExchange(now, share)
	})
}

// sendKeyExchange begins the flight: with it both sides have the keys.
func (c *client12) sendKeyExchange(now time.Time, share clientKeyShare) (state, error) {
	c.newFlight()
	if c.request != nil {
		// RFC 5246, Section 7.4.6: without a suitable certificate the client
		// sends an empty chain.
		c.send(wire.TypeCertificate, wire.Certificate{Chain: c.credential.Chain}.AppendTo(nil))
	}
	exchange := wire.ClientKeyExchange{Identity: c.result.Identity, PublicKey: share.public}
	c.send(wire.TypeClientKeyExchange, exchange.AppendTo(c.a.suite.KeyExchange.Form(), nil))
	c.deriveMaster(share.premaster)
	if c.credential.Signer == nil {
		return c.sendLastFlight(now)
	}
	return c.sendCertificateVerify()
}

func (c *client12) sendCertificateVerify() (state, error) {
	signer, scheme, signed := c.credential.Signer, c.scheme, c.transcript.bytes
	sign := func() ([]byte, error) { return suite.Sign(signer, scheme, signed) }
	return compute(c.handshake, sign, func(now time.Time, signature []byte) (state, error) {
		c.send(wire.TypeCertificateVerify, wire.CertificateVerify{Scheme: scheme, Signature: signature}.AppendTo(nil))
		return c.sendLastFlight(now)
	})
}

// sendLastFlight ends our flight of a full handshake, and sends it.
func (c *client12) sendLastFlight(now time.Time) (state, error) {
	c.sendChangeCipherSpec()
	c.sendFinished()
	return c.beforeFinished(), c.launch(now, false)
}

func (c *client12) onNewSessionTicket(_ time.Time, m message) (state, error) {
	ticket, err := wire.ParseNewSessionTicket(m.body)
	if err != nil {
		return c.state, err
	}
	c.ticket = ticket.Ticket
	return awaitFinished, nil
}

func (c *client12) onFinished(now time.Time, m message) (state, error) {
	if err := c.checkFinished(m); err != nil {
		return c.state, err
	}
	if c.result.Resumed {
		c.newFlight()
		c.sendChangeCipherSpec()
		c.sendFinished()
		if err := c.launch(now, true); err != nil {
			return c.state, err
		}
	}
	c.storeSession(now)
	c.establish(now, c.result.Resumed, m.seq)
	return c.state, nil
}

// storeSession offers the session to the owner, under a new ticket if the
// server sent one.
func (c *client12) storeSession(now time.Time) {
	if !c.a.cfg.SessionCache || !c.extendedMasterSecret {
		return
	}
	session := c.session(now)
	switch {
	case len(c.ticket) > 0:
		session.Ticket = c.ticket
	case !c.result.Resumed && len(c.sessionID) > 0:
		session.ID = c.sessionID
	default:
		return
	}
	if c.result.Resumed {
		session.Created = c.target.Session.Created
	}
	c.a.ws.push(Event{Kind: EventStoreSession, Session: session})
}
