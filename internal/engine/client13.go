package engine

import (
	"crypto"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// client13 is the client's side of a DTLS 1.3 handshake. The flow is drawn at
// [server13].
type client13 struct {
	*clientStart
	psk        *clientPSK // that the server took; nil with certificates
	serverKey  crypto.PublicKey
	request    *CertificateRequestInfo // nil if there was none
	credential Credential              // our answer to it; empty if there is none
	scheme     wire.SignatureScheme    // to sign with
}

var client13Flow = []row[*client13]{
	{awaitEncryptedExtensions, wire.TypeEncryptedExtensions, epochHandshake, (*client13).onEncryptedExtensions},
	{awaitCertificateOrRequest, wire.TypeCertificateRequest, epochHandshake, (*client13).onCertificateRequest},
	{awaitCertificateOrRequest, wire.TypeCertificate, epochHandshake, (*client13).onCertificate},
	{awaitCertificate, wire.TypeCertificate, epochHandshake, (*client13).onCertificate},
	{awaitCertificateVerify, wire.TypeCertificateVerify, epochHandshake, (*client13).onCertificateVerify},
	{awaitFinished, wire.TypeFinished, epochHandshake, (*client13).onFinished},
}

func (c *client13) handle(now time.Time, m message) (state, error) {
	return dispatch(c, client13Flow, c.state, now, m)
}

// onServerHello computes the keys of the handshake.
func (c *client13) onServerHello(now time.Time, hello wire.ServerHello, m message) (state, error) {
	ext, err := wire.ParseServerExtensions13(wire.InServerHello13, hello.Extensions)
	if err != nil {
		return c.state, err
	}
	chosen, err := c.checkServerHello(&hello, &ext)
	if err != nil {
		return c.state, err
	}
	c.role = c
	c.a.suite13 = chosen
	c.flight.version = wire.VersionDTLS12
	c.serverRandom = hello.Random
	c.result.ServerName = c.target.ServerName
	c.result.Group = ext.KeyShare.Group
	c.result.Retried = c.retry != nil
	c.takeCID(&ext)
	c.transcript = *c.transcriptBefore(chosen.Hash)
	c.transcript.add(wire.TypeClientHello, 0, c.body)
	c.record(m)
	if ext.KeyShare.Group == 0 {
		return c.enter(now, nil)
	}
	key := c.share(ext.KeyShare.Group)
	agree := func() ([]byte, error) { return key.SharedSecret(ext.KeyShare.KeyExchange) }
	return compute(c.handshake, agree, c.enter)
}

// checkServerHello returns the suite, or what is wrong with the server's
// choices.
func (c *client13) checkServerHello(hello *wire.ServerHello, ext *wire.ServerExtensions) (*suite.Suite13, error) {
	chosen, err := c.checkHello13(hello)
	if err != nil {
		return nil, err
	}
	if err := c.checkOffered(ext, "server_hello", wire.InServerHello13); err != nil {
		return nil, err
	}
	if ext.HasSelectedIdentity {
		if int(ext.SelectedIdentity) >= len(c.psks) || c.psks[ext.SelectedIdentity].hash != chosen.Hash {
			return nil, refuse(wire.AlertIllegalParameter, "server chose pre-shared key %d, which was not offered for %v", ext.SelectedIdentity, chosen)
		}
		c.psk = &c.psks[ext.SelectedIdentity]
	}
	group := ext.KeyShare.Group
	switch plain := c.psk != nil && slices.Contains(c.offered.PSKKeyExchangeModes, wire.PSKModeKE); {
	case group == 0 && !plain && c.psk != nil:
		// RFC 8446, Section 4.2.11.
		return nil, refuse(wire.AlertIllegalParameter, "server chose a pre-shared key without a key share, which was not offered")
	case group == 0 && !plain:
		return nil, refuse(wire.AlertMissingExtension, "server sends no key share")
	case group != 0 && c.share(group) == nil:
		return nil, refuse(wire.AlertIllegalParameter, "server chose group %v, of which it has no key share", group)
	case c.retry != nil && c.retry.Share && group != 0 && group != c.retry.Group:
		return nil, refuse(wire.AlertIllegalParameter, "server chose group %v after it had asked for %v", group, c.retry.Group)
	case c.psk == nil && !c.a.cfg.Certificate:
		return nil, refuse(wire.AlertHandshakeFailure, "the server does not take the pre-shared key, and the client takes nothing else")
	}
	return chosen, nil
}

// checkOffered refuses extensions that were not offered, or are in the wrong
// message.
func (c *client13) checkOffered(ext *wire.ServerExtensions, message string, in wire.MessageSet) error {
	for _, id := range ext.Present {
		if !c.offered.Has(id) || !id.In(in) {
			return misplaced(id, message, in)
		}
	}
	return nil
}

// enter goes on under the keys of the handshake.
func (c *client13) enter(now time.Time, shared []byte) (state, error) {
	secret, err := c.handshakeSecret(shared)
	if err != nil {
		return c.state, err
	}
	c.enterHandshake(now, secret)
	if c.psk == nil {
		return awaitEncryptedExtensions, nil
	}
	c.result.Identity = c.psk.identity
	if session := c.psk.session; session != nil {
		return c.resume(session)
	}
	return awaitEncryptedExtensions, nil
}

func (c *client13) handshakeSecret(shared []byte) (*suite.HandshakeSecret, error) {
	if c.psk == nil {
		return suite.NewEarlySecret(c.a.suite13.Hash).HandshakeSecret(shared)
	}
	secret, err := suite.NewPSKSecret(c.psk.hash, c.psk.key)
	if err != nil {
		return nil, err
	}
	if shared == nil {
		return secret.HandshakeSecretWithoutExchange(), nil
	}
	return secret.HandshakeSecret(shared)
}

// resume goes on with a session. A certificate in it is verified again: it may
// have expired since, or may have been taken under laxer rules.
func (c *client13) resume(session *SessionState) (state, error) {
	c.result.Resumed = true
	c.result.Identity = session.Identity
	c.result.PeerChain, c.result.PeerKeyType = session.PeerChain, session.PeerKeyType
	if len(session.PeerChain) == 0 {
		return awaitEncryptedExtensions, nil
	}
	return ask(c.handshake, session.verification(), func(_ time.Time, r Verified) (state, error) {
		return awaitEncryptedExtensions, r.refusal()
	})
}

func (c *client13) onEncryptedExtensions(_ time.Time, m message) (state, error) {
	message, err := wire.ParseEncryptedExtensions(m.body)
	if err != nil {
		return c.state, err
	}
	ext, err := wire.ParseServerExtensions13(wire.InEncryptedExtensions, message.Extensions)
	if err != nil {
		return c.state, err
	}
	if err := c.checkOffered(&ext, "encrypted_extensions", wire.InEncryptedExtensions); err != nil {
		return c.state, err
	}
	if err := c.checkChoices(&ext); err != nil {
		return c.state, err
	}
	c.result.ALPN = string(ext.ALPN)
	if ext.SRTP != nil {
		c.result.SRTPProfile = ext.SRTP.Profiles.At(0)
	}
	if ext.RecordSizeLimit > 0 {
		// RFC 8449, Section 4: in DTLS 1.3 it counts the content type too.
		c.a.peerRecordSize = min(ext.RecordSizeLimit-1, wire.MaxPlaintext)
		c.a.ownRecordSize = min(c.offered.RecordSizeLimit-1, wire.MaxPlaintext)
	}
	if c.psk != nil {
		return awaitFinished, nil
	}
	return awaitCertificateOrRequest, c.takeCertificateTypes(&ext)
}

func (c *client13) onCertificateRequest(_ time.Time, m message) (state, error) {
	request, err := wire.ParseCertificateRequest13(m.body)
	if err != nil {
		return c.state, err
	}
	if len(request.Context) > 0 {
		// RFC 8446, Section 4.3.2: it is empty but after the handshake.
		return c.state, refuse(wire.AlertIllegalParameter, "certificate_request has a context")
	}
	ext, err := wire.ParseCertificateRequestExtensions(request.Extensions)
	if err != nil {
		return c.state, err
	}
	for _, id := range ext.Present {
		if id.Known() && !id.In(wire.InCertificateRequest) {
			return c.state, misplaced(id, "certificate_request", wire.InCertificateRequest)
		}
	}
	if ext.SignatureAlgorithms == nil {
		return c.state, refuse(wire.AlertMissingExtension, "certificate_request has no signature_algorithms")
	}
	c.request = c.newCertificateRequestInfo(ext)
	return awaitCertificate, nil
}

func (c *client13) onCertificate(_ time.Time, m message) (state, error) {
	certificate, err := c.peerCertificate(m)
	if err != nil {
		return c.state, err
	}
	if len(certificate.Entries) == 0 {
		// RFC 8446, Section 4.4.2.4.
		return c.state, refuse(wire.AlertDecodeError, "server sent no certificate")
	}
	return c.verifyEntries(certificate, func(key crypto.PublicKey) { c.serverKey = key })
}

func (c *client13) onCertificateVerify(_ time.Time, m message) (state, error) {
	return c.checkCertificateVerify(m, c.serverKey)
}

// onFinished begins our flight, with what has to be looked up.
func (c *client13) onFinished(now time.Time, m message) (state, error) {
	if err := c.checkFinished13(m); err != nil {
		return c.state, err
	}
	c.schedule.deriveApplication()
	return c.selectCredential(now, c.request, c.answer)
}

// answer sends our flight: the first of the credentials that the server accepts,
// if it asked for one, and Finished.
func (c *client13) answer(now time.Time, list []Credential) (state, error) {
	c.newFlight()
	if c.request == nil {
		return c.finish(now)
	}
	c.credential, c.scheme = c.request.first(list)
	c.send(wire.TypeCertificate, c.credential.certificate13().AppendTo(nil))
	if c.credential.Signer == nil {
		return c.finish(now)
	}
	return c.prove(c.credential, c.scheme, c.finish)
}

// finish ends the handshake. Its last flight is repeated until the server
// acknowledges it.
func (c *client13) finish(now time.Time) (state, error) {
	c.sendFinished13()
	if err := c.launch(now, false); err != nil {
		return c.state, err
	}
	a := c.a
	a.resumption = c.schedule.master.Resumption(c.transcript.sum())
	c.readApplicationData(now)
	c.writeApplicationData()
	c.schedule.wipe()
	early := c.early.take(c.delivery)
	c.establish13()
	a.replay(now, early)
	return c.state, nil
}
