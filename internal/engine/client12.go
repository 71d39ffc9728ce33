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
	*clientStart
	serverKey   crypto.PublicKey        // of the server's certificate
	exchange    wire.ServerKeyExchange  // the server's key share
	request     *CertificateRequestInfo // nil if there was none
	credential  Credential              // our answer to it; empty if there is none
	scheme      wire.SignatureScheme    // to sign with
	psk         []byte
	takesTicket bool // the server announced one
	ticket      []byte
}

var client12Flow = []row[*client12]{
	{awaitCertificate, wire.TypeCertificate, 0, (*client12).onCertificate},
	{awaitServerKeyExchange, wire.TypeServerKeyExchange, 0, (*client12).onServerKeyExchange},
	{awaitHintOrDone, wire.TypeServerKeyExchange, 0, (*client12).onServerKeyExchange},
	{awaitHintOrDone, wire.TypeServerHelloDone, 0, (*client12).onServerHelloDone},
	{awaitRequestOrDone, wire.TypeCertificateRequest, 0, (*client12).onCertificateRequest},
	{awaitRequestOrDone, wire.TypeServerHelloDone, 0, (*client12).onServerHelloDone},
	{awaitServerHelloDone, wire.TypeServerHelloDone, 0, (*client12).onServerHelloDone},
	{awaitTicket, wire.TypeNewSessionTicket, 0, (*client12).onNewSessionTicket},
	{awaitFinished, wire.TypeFinished, 1, (*client12).onFinished},
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

func (c *client12) onServerHello(hello wire.ServerHello) (state, error) {
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
	return c.afterHello(&ext)
}

// afterHello returns the state in which the server's messages begin.
func (c *client12) afterHello(ext *wire.ServerExtensions) (state, error) {
	switch kind := c.a.suite.KeyExchange; {
	case kind.UsesCertificate():
		return awaitCertificate, c.takeCertificateTypes(ext)
	case kind.UsesECDHE():
		return awaitServerKeyExchange, nil
	default:
		return awaitHintOrDone, nil
	}
}

// checkServerHello returns the suite, or what is wrong with the server's
// choices.
func (c *client12) checkServerHello(hello *wire.ServerHello, ext *wire.ServerExtensions) (*suite.Suite, error) {
	chosen := suite.Lookup(hello.CipherSuite)
	if chosen == nil || !slices.Contains(c.offeredSuites12(), uint16(hello.CipherSuite)) {
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
	}
	return c.checkChoices(ext)
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
	return ask(c.handshake, session.verification(), func(_ time.Time, r Verified) (state, error) {
		if err := r.refusal(); err != nil {
			return c.state, err
		}
		return c.useSession(session)
	})
}

// useSession derives the keys at once; the server's Finished comes first.
func (c *client12) useSession(session *SessionState) (state, error) {
	c.result.Identity = session.Identity
	c.result.PeerChain, c.result.PeerKeyType = session.PeerChain, session.PeerKeyType
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
	chain, err := c.peerChain12(m)
	if err != nil {
		return c.state, err
	}
	if len(chain) == 0 {
		// RFC 5246, Section 7.4.2: the server's chain has at least its own.
		return c.state, refuse(wire.AlertDecodeError, "server sent no certificate")
	}
	return c.verifyChain(chain, func(key crypto.PublicKey) (state, error) {
		if !c.a.suite.KeyExchange.Accepts(key) {
			return c.state, refuse(wire.AlertIllegalParameter, "the server's certificate does not go with %v", c.a.suite)
		}
		c.serverKey = key
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
	c.request = c.newCertificateRequestInfo(request)
	return awaitServerHelloDone, nil
}

// onServerHelloDone begins our second flight, with what has to be looked up.
func (c *client12) onServerHelloDone(now time.Time, m message) (state, error) {
	if len(m.body) > 0 {
		return c.state, wire.ParseError{Message: "server_hello_done", Field: "length"}
	}
	if !c.a.suite.KeyExchange.UsesPSK() {
		return c.selectCredential(now, c.request, c.answerWith)
	}
	return ask(c.handshake, Event{Kind: EventLookupPSK, Data: c.result.Hint}, func(now time.Time, r PSK) (state, error) {
		if len(r.Key) == 0 {
			return c.state, refuse(wire.AlertHandshakeFailure, "%w", ErrNoPSK)
		}
		c.psk = r.Key
		c.result.Identity = r.Identity
		return c.selectCredential(now, c.request, c.answerWith)
	})
}

// answerWith takes the first credential that the server accepts, if there is
// one.
func (c *client12) answerWith(now time.Time, list []Credential) (state, error) {
	if c.request != nil {
		c.credential, c.scheme = c.request.first(list)
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
		c.send(wire.TypeCertificate, c.certificate12(c.credential))
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
