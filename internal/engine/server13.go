package engine

import (
	"crypto"
	"fmt"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// server13 is the server's side of a DTLS 1.3 handshake.
//
// RFC 9147, Section 5, and RFC 8446, Section 2:
//
//	client                                server
//	ClientHello             -------->
//	                        <--------     HelloRetryRequest    (for a cookie or a key share)
//	ClientHello             -------->
//	                                      ServerHello
//	                                      {EncryptedExtensions}
//	                                      {CertificateRequest} (as configured)
//	                                      {Certificate}        (not with a pre-shared key)
//	                                      {CertificateVerify}  (likewise)
//	                        <--------     {Finished}
//	{Certificate}           (if requested)
//	{CertificateVerify}     (if the certificate is not empty)
//	{Finished}              -------->
//	                        <--------     [ACK]
//	                        <--------     [NewSessionTicket]   (tickets)
//	[ACK]                   -------->
//
// Braces stand for epoch 2 and brackets for epoch 3.
type server13 struct {
	*serverStart
	body      []byte // of the ClientHello
	psk       offeredPSK
	choice    suite.Choice13
	clientKey crypto.PublicKey // of the client's certificate
}

var server13Flow = []row[*server13]{
	{awaitCertificate, wire.TypeCertificate, epochHandshake, (*server13).onCertificate},
	{awaitCertificateVerify, wire.TypeCertificateVerify, epochHandshake, (*server13).onCertificateVerify},
	{awaitFinished, wire.TypeFinished, epochHandshake, (*server13).onFinished},
}

func (s *server13) handle(now time.Time, m message) (state, error) {
	return dispatch(s, server13Flow, s.state, now, m)
}

func (s *server13) onHello(now time.Time) (state, error) {
	// RFC 9147, Section 5.3: a cookie in the field of DTLS 1.2 is illegal.
	if len(s.hello.Cookie) > 0 {
		return s.state, refuse(wire.AlertIllegalParameter, "client sends a cookie of DTLS 1.2 in a hello of DTLS 1.3")
	}
	if s.retry != nil && string(s.ext.Cookie) != string(s.retry.Cookie) {
		return s.state, refuse(wire.AlertIllegalParameter, "client does not return the cookie")
	}
	return s.askCredentials(now, s.findPSK)
}

// negotiate chooses the parameters of the handshake.
func (s *server13) negotiate(now time.Time) (state, error) {
	policy, offer := s.a.cfg.Policy, s.offer()
	if len(offer.PSKs) > 0 {
		policy.PSK = s.psk.key != nil // a ticket's is as good as one of the policy's
	}
	choice, err := suite.Choose13(offer, &policy, candidates(s.credentials))
	if err != nil {
		return s.state, err
	}
	s.choice = choice
	s.a.suite13 = choice.Suite
	if choice.PSK < 0 {
		s.disownPSK()
	}
	if choice.Retry {
		return s.askForShare(now)
	}
	if err := s.beginTranscript(); err != nil {
		return s.state, err
	}
	s.result.Group = choice.Group
	s.result.ALPN = choice.NextProto
	s.result.SRTPProfile = choice.SRTPProfile
	s.result.Retried = s.retry != nil
	s.ownKeyType, s.peerKeyType = choice.ServerCertificateType, choice.ClientCertificateType
	s.agreeOnRecordSize(1)
	if err := s.newServerRandom(wire.VersionDTLS13); err != nil {
		return s.state, err
	}
	if err := s.answerCID(&s.ext); err != nil {
		return s.state, err
	}
	if choice.Group == 0 {
		return s.answer(now, keyAnswer{})
	}
	return compute(s.handshake, s.keyExchange(), s.answer)
}

// disownPSK forgets a key that was found and not chosen: that it is the client's
// is not proven.
func (s *server13) disownPSK() {
	if s.psk.secret != nil {
		s.psk.secret.Wipe()
	}
	s.psk, s.ownerKey = offeredPSK{}, nil
	s.result.Resumed, s.result.Identity = false, nil
	s.result.PeerChain, s.result.PeerKeyType = nil, 0
}

// offer returns what the hello offers.
func (s *server13) offer() *suite.Offer13 {
	o := &suite.Offer13{
		CompressionMethods:     s.hello.CompressionMethods,
		CipherSuites:           s.hello.CipherSuites,
		Groups:                 s.ext.SupportedGroups,
		SignatureAlgorithms:    s.ext.SignatureAlgorithms,
		PSKModes:               s.ext.PSKKeyExchangeModes,
		ServerCertificateTypes: s.ext.ServerCertificateTypes,
		ClientCertificateTypes: s.ext.ClientCertificateTypes,
		ALPN:                   s.ext.ALPN,
		SRTP:                   s.ext.SRTP,
	}
	if s.ext.HasKeyShare {
		o.Shares = []wire.Group{}
		for share := range s.ext.KeyShares.All() {
			o.Shares = append(o.Shares, share.Group)
		}
	}
	for range s.ext.PreSharedKey.Identities.All() {
		o.PSKs = append(o.PSKs, suite.OfferedPSK{})
	}
	if s.psk.key != nil {
		o.PSKs[s.psk.index].Hash = s.psk.hash
	}
	if r := s.retry; r != nil {
		o.Retried = &suite.Parameters13{Suite: r.Suite, Group: r.Group, Retry: r.Share}
	}
	return o
}

// askForShare sends a HelloRetryRequest for a key share of the group chosen, and
// begins again with the hello that answers it.
//
// RFC 8446, Section 4.1.4.
func (s *server13) askForShare(now time.Time) (state, error) {
	chosen := s.choice.Suite
	s.serverStart.retry = &Retry{
		Suite:     chosen,
		Group:     s.choice.Group,
		Share:     true,
		HelloHash: hashHello(chosen.Hash, s.body),
	}
	s.newFlight()
	s.add(wire.TypeServerHello, s.retry.message())
	s.role = s.serverStart
	return awaitClientHello, s.launch(now, false)
}

// message returns the body of the HelloRetryRequest.
func (r *Retry) message() []byte {
	m := wire.HelloRetryRequest{CipherSuite: r.Suite.ID, Cookie: r.Cookie}
	if r.Share {
		m.Group = r.Group
	}
	return m.AppendTo(nil)
}

// hashHello returns the hash of a first ClientHello.
func hashHello(h crypto.Hash, body []byte) []byte {
	hash := h.New()
	hash.Write(wire.AppendMessageHeader13(nil, wire.TypeClientHello, len(body)))
	hash.Write(body)
	return hash.Sum(nil)
}

// beginTranscript takes the messages up to the hello into the transcript, if the
// client proves to have the pre-shared key that was chosen.
func (s *server13) beginTranscript() error {
	if s.choice.PSK >= 0 && !s.proves(&s.psk) {
		return refuse(wire.AlertDecryptError, "%w", ErrBinder)
	}
	s.transcript = *s.transcriptBefore(s.choice.Suite.Hash)
	s.transcript.add(wire.TypeClientHello, 0, s.body)
	return nil
}

// transcriptBefore returns the transcript of what is before the hello.
func (s *server13) transcriptBefore(h crypto.Hash) *transcript {
	if s.retry == nil {
		return newTranscript13(h, nil, nil)
	}
	return newTranscript13(h, s.retry, s.retry.message())
}

// keyAnswer is what the computation of a key exchange yields.
type keyAnswer struct{ share, secret []byte }

// keyExchange returns the computation of our answer to the client's key share.
func (s *server13) keyExchange() func() (keyAnswer, error) {
	keys, group := s.a.cfg.Keys, s.choice.Group
	theirs, _ := s.ext.KeyShares.Find(group)
	return func() (keyAnswer, error) {
		key, err := keys.GenerateKey(group)
		if err != nil {
			return keyAnswer{}, err
		}
		share, secret, err := key.Respond(theirs.KeyExchange)
		return keyAnswer{share, secret}, err
	}
}

// answer sends the server's flight as far as it needs no signature.
func (s *server13) answer(now time.Time, key keyAnswer) (state, error) {
	s.newFlight()
	s.sendServerHello(key.share)
	secret, err := s.handshakeSecret(key.secret)
	if err != nil {
		return s.state, err
	}
	s.enterHandshake(now, secret)
	s.send(wire.TypeEncryptedExtensions, wire.EncryptedExtensions{Extensions: s.encryptedExtensions().AppendTo(nil)}.AppendTo(nil))
	if s.choice.Credential < 0 {
		return s.finishFlight(now)
	}
	if s.requestsCertificate() {
		s.send(wire.TypeCertificateRequest, s.certificateRequest().AppendTo(nil))
	}
	credential := s.credentials[s.choice.Credential]
	s.send(wire.TypeCertificate, s.certificate(credential).AppendTo(nil))
	return s.prove(credential, s.choice.Scheme, s.finishFlight)
}

// handshakeSecret mixes the key that both have with what they agreed on.
func (s *server13) handshakeSecret(shared []byte) (*suite.HandshakeSecret, error) {
	switch {
	case s.choice.PSK < 0:
		return suite.NewEarlySecret(s.a.suite13.Hash).HandshakeSecret(shared)
	case s.choice.Group == 0:
		return s.psk.secret.HandshakeSecretWithoutExchange(), nil
	default:
		return s.psk.secret.HandshakeSecret(shared)
	}
}

func (s *server13) sendServerHello(share []byte) {
	e := wire.ServerExtensions{
		SelectedVersion: wire.VersionDTLS13,
		HasConnectionID: s.result.HasCID,
		ConnectionID:    s.a.cid(),
		RRC:             s.result.RRC,
	}
	if share != nil {
		e.KeyShare = wire.KeyShare{Group: s.choice.Group, KeyExchange: share}
	}
	if s.choice.PSK >= 0 {
		e.HasSelectedIdentity = true
		e.SelectedIdentity = uint16(s.choice.PSK)
	}
	// RFC 9147, Section 5.4: the session ID of the client is not echoed.
	hello := wire.ServerHello{
		Version:     wire.VersionDTLS12,
		Random:      s.serverRandom,
		CipherSuite: s.a.suite13.ID,
		Extensions:  e.AppendTo(nil),
	}
	s.send(wire.TypeServerHello, hello.AppendTo(nil))
}

// encryptedExtensions answers those extensions of the client that we follow, and
// no others.
func (s *server13) encryptedExtensions() wire.ServerExtensions {
	e := wire.ServerExtensions{
		ServerName: s.a.cfg.AcknowledgeName && s.ext.ServerName != "" && !s.result.Resumed,
		ALPN:       []byte(s.result.ALPN),
	}
	if s.result.SRTPProfile != 0 {
		e.SRTP = &wire.UseSRTP{Profiles: wire.AppendUint16s(nil, s.result.SRTPProfile)}
	}
	if s.ext.RecordSizeLimit > 0 {
		e.RecordSizeLimit = s.a.ownRecordSize + 1
	} else {
		e.MaxFragmentLength = s.ext.MaxFragmentLength
	}
	if s.choice.Credential >= 0 {
		s.answerCertificateTypes(&e, s.requestsCertificate())
	}
	return e
}

// requestsCertificate reports whether the client is asked for a certificate.
//
// RFC 8446, Section 4.3.2: not by a server that has proven itself with a
// pre-shared key.
func (s *server13) requestsCertificate() bool {
	return s.choice.Credential >= 0 && s.a.cfg.ClientAuth != NoClientCert
}

func (s *server13) certificateRequest() wire.CertificateRequest13 {
	schemes := s.a.cfg.Policy.Schemes
	e := wire.CertificateRequestExtensions{
		SignatureAlgorithms:     wire.AppendUint16s(nil, schemes13(schemes)...),
		SignatureAlgorithmsCert: wire.AppendUint16s(nil, schemes...),
		CertificateAuthorities:  s.a.cfg.ClientCAs,
	}
	return wire.CertificateRequest13{Extensions: e.AppendTo(nil)}
}

// schemes13 returns those schemes that a CertificateVerify of DTLS 1.3 may have.
func schemes13(schemes []wire.SignatureScheme) []wire.SignatureScheme {
	all := suite.DefaultSchemes13()
	return slices.DeleteFunc(slices.Clone(schemes), func(s wire.SignatureScheme) bool { return !slices.Contains(all, s) })
}

func (s *server13) certificate(c Credential) wire.Certificate13 {
	m := c.certificate13()
	if s.ext.StatusRequest && len(c.Staple) > 0 {
		m.Entries[0].Extensions = wire.CertificateExtensions{OCSPResponse: c.Staple}.AppendTo(nil)
	}
	return m
}

// finishFlight ends the flight, and sends it. From now on, we have the keys of
// the application.
func (s *server13) finishFlight(now time.Time) (state, error) {
	s.sendFinished13()
	s.schedule.deriveApplication()
	s.writeApplicationData()
	s.sendEpoch = epochApplication
	next := awaitFinished
	if s.requestsCertificate() {
		next = awaitCertificate
	}
	return next, s.launch(now, false)
}

func (s *server13) onCertificate(_ time.Time, m message) (state, error) {
	certificate, err := s.peerCertificate(m)
	if err != nil {
		return s.state, err
	}
	if len(certificate.Entries) > 0 {
		return s.verifyEntries(certificate, func(key crypto.PublicKey) { s.clientKey = key })
	}
	// RFC 8446, Section 4.4.2.4.
	if s.a.cfg.ClientAuth == RequireClientCert {
		return s.state, refuse(wire.AlertCertificateRequired, "client has no certificate, and the server requires one")
	}
	return awaitFinished, nil
}

func (s *server13) onCertificateVerify(_ time.Time, m message) (state, error) {
	return s.checkCertificateVerify(m, s.clientKey)
}

// onFinished ends the handshake. The client waits for an acknowledgement, which
// is sent before anything else, and with the tickets where there is room.
func (s *server13) onFinished(now time.Time, m message) (state, error) {
	if err := s.checkFinished13(m); err != nil {
		return s.state, err
	}
	resumption := s.schedule.master.Resumption(s.transcript.sum())
	defer resumption.Wipe()
	a := s.a
	s.readApplicationData(now)
	s.flight.finish()
	a.older.forgetWrites()
	s.schedule.wipe()
	early := s.early.take(s.delivery)
	from := a.ws.mark()
	s.sendACK()
	s.establish13()
	if err := s.issueTickets(now, resumption); err != nil {
		a.ws.push(Event{Kind: EventWarning, Err: fmt.Errorf("issuing tickets: %w", err)})
	}
	a.ws.join(from, int(a.mtu))
	a.replay(now, early)
	return s.state, nil
}
