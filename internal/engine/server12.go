package engine

import (
	"crypto"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// maxIdentity is the longest PSK identity that is taken, in bytes; RFC 4279,
// Section 5.3 asks for 128 at least.
const maxIdentity = 256

// server12 is the server's side of a DTLS 1.2 handshake.
//
// A full handshake (RFC 6347, Section 4.2.4), after the cookie:
//
//	client                                server
//	ClientHello             -------->
//	                                      ServerHello
//	                                      Certificate          (certificates)
//	                                      ServerKeyExchange    (not plain PSK without hint)
//	                                      CertificateRequest   (as configured)
//	                        <--------     ServerHelloDone
//	Certificate             (if requested)
//	ClientKeyExchange
//	CertificateVerify       (if the certificate is not empty)
//	[ChangeCipherSpec]
//	Finished                -------->
//	                                      NewSessionTicket     (tickets)
//	                                      [ChangeCipherSpec]
//	                        <--------     Finished
//
// A resumed one:
//
//	ClientHello             -------->
//	                                      ServerHello
//	                                      NewSessionTicket     (tickets)
//	                                      [ChangeCipherSpec]
//	                        <--------     Finished
//	[ChangeCipherSpec]
//	Finished                -------->
type server12 struct {
	*serverStart
	choice      suite.Choice
	key         suite.PrivateKey // ours, ephemeral
	clientKey   crypto.PublicKey // of the client's certificate
	psk         []byte
	decoy       [decoyLen]byte
	resumed     *SessionState
	sendsTicket bool
}

var server12Flow = []row[*server12]{
	{awaitCertificate, wire.TypeCertificate, 0, (*server12).onCertificate},
	{awaitClientKeyExchange, wire.TypeClientKeyExchange, 0, (*server12).onClientKeyExchange},
	{awaitCertificateVerify, wire.TypeCertificateVerify, 0, (*server12).onCertificateVerify},
	{awaitFinished, wire.TypeFinished, 1, (*server12).onFinished},
}

func (s *server12) handle(now time.Time, m message) (state, error) {
	return dispatch(s, server12Flow, s.state, now, m)
}

// undecryptable suspects a wrong key: the client's Finished is the first
// protected record, and in PSK suites it is the key that decides whether it
// opens.
func (s *server12) undecryptable() {
	if s.a.suite.KeyExchange.UsesPSK() && s.resumed == nil {
		s.suspect(ErrWrongKey)
	}
}

func (s *server12) onHello(now time.Time) (state, error) {
	// RFC 5746, Section 3.6: on an initial handshake the field is empty.
	if len(s.ext.RenegotiationInfo) > 0 {
		return s.state, refuse(wire.AlertHandshakeFailure, "renegotiation_info is not empty in an initial handshake")
	}
	return s.askCredentials(now, s.findSession)
}

// findSession looks for a session to resume: in the ticket, or in the cache.
//
// RFC 5077, Section 3.4: with a ticket, the session ID is not a name of a
// session but something for the server to echo.
func (s *server12) findSession(now time.Time) (state, error) {
	cfg := s.a.cfg
	switch {
	case cfg.Tickets != nil && len(s.ext.SessionTicket) > 0:
		return s.offerSession(now, openTicket(cfg.Tickets, now, s.ext.SessionTicket))
	case cfg.SessionCache && len(s.hello.SessionID) > 0:
		e := Event{Kind: EventLookupSession, Data: s.hello.SessionID}
		return ask(s.handshake, e, func(now time.Time, r SessionFound) (state, error) {
			return s.offerSession(now, r.Session)
		})
	default:
		return s.negotiate(now)
	}
}

// offerSession resumes a session if it goes with this hello, and if its owner
// would still be let in.
func (s *server12) offerSession(now time.Time, session *SessionState) (state, error) {
	if session == nil || !s.resumable(now, session) {
		return s.negotiate(now)
	}
	return s.welcome(now, session, func(now time.Time, ok bool) (state, error) {
		if !ok {
			return s.negotiate(now)
		}
		return s.resume(now, session)
	})
}

// resumable reports whether a session may be resumed with this hello.
func (s *server12) resumable(now time.Time, session *SessionState) bool {
	chosen := suite.Lookup(session.Suite)
	return s.permits(chosen, session) &&
		session.resumable(now, s.a.cfg.SessionLife) &&
		s.hello.CipherSuites.Contains(uint16(session.Suite)) &&
		slices.Contains(s.hello.CompressionMethods, 0) &&
		s.ext.ExtendedMasterSecret &&
		(!session.EncryptThenMAC || s.ext.EncryptThenMAC) &&
		session.ServerName == s.ext.ServerName &&
		s.knowsEnough(chosen, session)
}

// knowsEnough reports whether the session has the certificate that a full
// handshake would ask the client for.
func (s *server12) knowsEnough(chosen *suite.Suite, session *SessionState) bool {
	return s.a.cfg.ClientAuth != RequireClientCert || !chosen.KeyExchange.UsesCertificate() || len(session.PeerChain) > 0
}

// negotiate chooses the parameters of a full handshake.
func (s *server12) negotiate(now time.Time) (state, error) {
	choice, err := suite.Choose(s.hello, s.ext, &s.a.cfg.Policy, candidates(s.credentials))
	if err != nil {
		return s.state, err
	}
	s.choice = choice
	s.agree(choice.Suite, choice.ExtendedMasterSecret, choice.EncryptThenMAC)
	s.result.Group = choice.Group
	s.result.ALPN = choice.NextProto
	s.result.SRTPProfile = choice.SRTPProfile
	s.ownKeyType, s.peerKeyType = choice.ServerCertificateType, choice.ClientCertificateType
	s.sendsTicket = s.a.cfg.Tickets != nil && s.ext.HasSessionTicket && s.extendedMasterSecret
	if err := s.draw(); err != nil {
		return s.state, err
	}
	if err := s.newSessionID(); err != nil {
		return s.state, err
	}
	if !choice.Suite.KeyExchange.UsesECDHE() {
		return s.sendServerFlight(now, wire.ServerKeyExchange{})
	}
	return compute(s.handshake, s.keyExchange(), s.onKeyExchange)
}

// agree fixes what both kinds of handshake decide by the ServerHello.
func (s *server12) agree(chosen *suite.Suite, ems, etm bool) {
	s.a.suite = chosen
	s.extendedMasterSecret = ems
	s.encryptThenMAC = etm
	s.transcript.begin(chosen.Hash, s.requestsCertificate())
	s.agreeOnRecordSize(0)
}

// draw makes up what is new in every ServerHello.
func (s *server12) draw() error {
	if err := s.newServerRandom(wire.VersionDTLS12); err != nil {
		return err
	}
	return s.answerCID(&s.ext)
}

// newSessionID names a session that goes into the cache. One that leaves in a
// ticket has no name (RFC 5077, Section 3.4).
func (s *server12) newSessionID() error {
	if !s.a.cfg.SessionCache || s.sendsTicket || !s.extendedMasterSecret {
		return nil
	}
	s.sessionID = make([]byte, sessionIDLen)
	return s.random(s.sessionID)
}

func (s *server12) requestsCertificate() bool {
	return s.a.suite.KeyExchange.UsesCertificate() && s.a.cfg.ClientAuth != NoClientCert
}

// serverKeyShare is what the computation of a ServerKeyExchange yields.
type serverKeyShare struct {
	key     suite.PrivateKey
	message wire.ServerKeyExchange
}

// keyExchange returns the computation of our key share and its signature.
func (s *server12) keyExchange() func() (serverKeyShare, error) {
	keys, choice := s.a.cfg.Keys, s.choice
	randoms := slices.Concat(s.clientRandom[:], s.serverRandom[:])
	var signer crypto.Signer
	if choice.Credential >= 0 {
		signer = s.credentials[choice.Credential].Signer
	}
	return func() (serverKeyShare, error) {
		key, err := keys.GenerateKey(choice.Group)
		if err != nil {
			return serverKeyShare{}, err
		}
		m := wire.ServerKeyExchange{Group: choice.Group, PublicKey: key.PublicKey(), Scheme: choice.Scheme}
		if signer != nil {
			// RFC 8422, Section 5.4: the signature is over both randoms and
			// the parameters.
			m.Signature, err = suite.Sign(signer, choice.Scheme, m.AppendParams(randoms))
		}
		return serverKeyShare{key, m}, err
	}
}

func (s *server12) onKeyExchange(now time.Time, share serverKeyShare) (state, error) {
	s.key = share.key
	return s.sendServerFlight(now, share.message)
}

func (s *server12) sendServerFlight(now time.Time, exchange wire.ServerKeyExchange) (state, error) {
	s.newFlight()
	s.sendServerHello()
	kind := s.a.suite.KeyExchange
	if kind.UsesCertificate() {
		s.send(wire.TypeCertificate, s.certificate12(s.credentials[s.choice.Credential]))
	}
	// RFC 4279, Section 2: plain PSK has no ServerKeyExchange without a hint.
	if kind.UsesECDHE() || len(s.a.cfg.PSKHint) > 0 {
		exchange.IdentityHint = s.a.cfg.PSKHint
		s.send(wire.TypeServerKeyExchange, exchange.AppendTo(kind.Form(), nil))
	}
	if kind.UsesPSK() {
		s.result.Hint = s.a.cfg.PSKHint
	}
	next := awaitClientKeyExchange
	if s.requestsCertificate() {
		s.send(wire.TypeCertificateRequest, s.certificateRequest().AppendTo(nil))
		next = awaitCertificate
	}
	s.send(wire.TypeServerHelloDone, nil)
	return next, s.launch(now, false)
}

func (s *server12) sendServerHello() {
	hello := wire.ServerHello{
		Version:     wire.VersionDTLS12,
		Random:      s.serverRandom,
		SessionID:   s.sessionID,
		CipherSuite: s.a.suite.ID,
		Extensions:  s.serverExtensions().AppendTo(nil),
	}
	s.send(wire.TypeServerHello, hello.AppendTo(nil))
}

// serverExtensions answers those extensions of the client that we follow, and
// no others (RFC 5246, Section 7.4.1.4).
func (s *server12) serverExtensions() wire.ServerExtensions {
	e := wire.ServerExtensions{
		ServerName:           s.a.cfg.AcknowledgeName && s.ext.ServerName != "" && !s.result.Resumed,
		ALPN:                 []byte(s.result.ALPN),
		EncryptThenMAC:       s.encryptThenMAC,
		ExtendedMasterSecret: s.extendedMasterSecret,
		SessionTicket:        s.sendsTicket,
		HasConnectionID:      s.result.HasCID,
		ConnectionID:         s.a.cid(),
		RRC:                  s.result.RRC,
		// RFC 5746, Section 3.6: the signalling suite asks for it as well.
		HasRenegotiationInfo: s.ext.HasRenegotiationInfo || s.hello.CipherSuites.Contains(uint16(wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)),
	}
	if s.ext.PointFormats != nil && s.a.suite.KeyExchange.UsesECDHE() {
		e.PointFormats = []byte{wire.PointFormatUncompressed}
	}
	if s.result.SRTPProfile != 0 {
		e.SRTP = &wire.UseSRTP{Profiles: wire.AppendUint16s(nil, s.result.SRTPProfile)}
	}
	if s.ext.RecordSizeLimit > 0 {
		e.RecordSizeLimit = s.a.ownRecordSize
	} else {
		e.MaxFragmentLength = s.ext.MaxFragmentLength
	}
	if !s.result.Resumed && s.a.suite.KeyExchange.UsesCertificate() {
		s.answerCertificateTypes(&e, s.requestsCertificate())
	}
	return e
}

func (s *server12) certificateRequest() wire.CertificateRequest {
	return wire.CertificateRequest{
		Types:       []byte{wire.ClientCertificateECDSA, wire.ClientCertificateRSA},
		Schemes:     wire.AppendUint16s(nil, s.a.cfg.Policy.Schemes...),
		Authorities: s.a.cfg.ClientCAs,
	}
}

func (s *server12) onCertificate(now time.Time, m message) (state, error) {
	chain, err := s.peerChain12(m)
	if err != nil {
		return s.state, err
	}
	if len(chain) > 0 {
		return s.verifyChain(chain, func(key crypto.PublicKey) (state, error) {
			s.clientKey = key
			return awaitClientKeyExchange, nil
		})
	}
	// RFC 5246, Section 7.4.6: a client without a certificate sends an empty
	// chain, and the server may go on or end with handshake_failure.
	if s.a.cfg.ClientAuth == RequireClientCert {
		return s.state, refuse(wire.AlertHandshakeFailure, "client has no certificate, and the server requires one")
	}
	return awaitClientKeyExchange, nil
}

func (s *server12) onClientKeyExchange(now time.Time, m message) (state, error) {
	kind := s.a.suite.KeyExchange
	exchange, err := wire.ParseClientKeyExchange(kind.Form(), m.body)
	if err != nil {
		return s.state, err
	}
	if !kind.UsesPSK() {
		return s.agreeOnKey(exchange.PublicKey)
	}
	if len(exchange.Identity) > maxIdentity {
		s.a.drop(wire.DropIdentityTooLong)
		return s.state, refuse(wire.AlertHandshakeFailure, "%w", ErrIdentityTooLong)
	}
	s.result.Identity = exchange.Identity
	e := Event{Kind: EventLookupPSK, Data: exchange.Identity}
	return ask(s.handshake, e, func(_ time.Time, r PSK) (state, error) {
		psk, err := s.keyOrDecoy(r.Key)
		if err != nil {
			return s.state, err
		}
		s.psk = psk
		return s.agreeOnKey(exchange.PublicKey)
	})
}

// decoyLen is the length of the random key that stands in for a missing one.
const decoyLen = 16

// keyOrDecoy returns the key, or a random one for an unknown identity: the
// handshake then goes the same way as with a wrong key, and fails at the same
// place (RFC 4279, Section 2 allows either).
func (s *server12) keyOrDecoy(key []byte) ([]byte, error) {
	if err := s.random(s.decoy[:]); err != nil {
		return nil, err
	}
	if len(key) == 0 {
		return s.decoy[:], nil
	}
	return key, nil
}

// agreeOnKey computes the premaster secret from the client's key share, where
// there is one, and the PSK, where there is one.
func (s *server12) agreeOnKey(share []byte) (state, error) {
	if s.key == nil {
		s.deriveMaster(suite.PSKPremaster(nil, s.psk))
		return awaitFinished, nil
	}
	key, psk := s.key, s.psk
	agreement := func() ([]byte, error) {
		secret, err := key.SharedSecret(share)
		if err != nil || psk == nil {
			return secret, err
		}
		return suite.PSKPremaster(secret, psk), nil
	}
	return compute(s.handshake, agreement, func(_ time.Time, premaster []byte) (state, error) {
		s.deriveMaster(premaster)
		if s.clientKey != nil {
			return awaitCertificateVerify, nil
		}
		return awaitFinished, nil
	})
}

func (s *server12) onCertificateVerify(_ time.Time, m message) (state, error) {
	verify, err := wire.ParseCertificateVerify(m.body)
	if err != nil {
		return s.state, err
	}
	if !slices.Contains(s.a.cfg.Policy.Schemes, verify.Scheme) {
		return s.state, refuse(wire.AlertIllegalParameter, "client signs with %v, which was not offered", verify.Scheme)
	}
	key, signed := s.clientKey, s.transcript.bytes
	check := func() (struct{}, error) {
		return struct{}{}, suite.Verify(key, verify.Scheme, signed, verify.Signature)
	}
	return compute(s.handshake, check, func(time.Time, struct{}) (state, error) {
		s.record(m)
		return awaitFinished, nil
	})
}

func (s *server12) onFinished(now time.Time, m message) (state, error) {
	if err := s.checkFinished(m); err != nil {
		return s.state, err
	}
	if s.resumed != nil {
		s.establish(now, false, 0)
		return s.state, nil
	}
	s.newFlight()
	var session *SessionState
	if s.sendsTicket || len(s.sessionID) > 0 {
		session = s.session(now)
		session.KeyProof = proveKey(s.psk, &s.master)
	}
	if err := s.sendTicket(now, session); err != nil {
		return s.state, err
	}
	s.sendChangeCipherSpec()
	s.sendFinished()
	if err := s.launch(now, true); err != nil {
		return s.state, err
	}
	if len(s.sessionID) > 0 {
		s.a.ws.push(Event{Kind: EventStoreSession, Data: s.sessionID, Session: session})
	}
	s.establish(now, true, m.seq)
	return s.state, nil
}

// sendTicket puts the session into a ticket, if one was announced.
func (s *server12) sendTicket(now time.Time, session *SessionState) error {
	if !s.sendsTicket {
		return nil
	}
	ticket, err := sealTicket(s.a.cfg.Tickets, now, session)
	if err != nil {
		return err
	}
	m := wire.NewSessionTicket{Lifetime: uint32(s.a.cfg.SessionLife / time.Second), Ticket: ticket}
	s.send(wire.TypeNewSessionTicket, m.AppendTo(nil))
	return nil
}

// resume answers with a session instead of a key exchange. The ticket is
// renewed, but its age goes on.
func (s *server12) resume(now time.Time, session *SessionState) (state, error) {
	s.resumed = session
	s.result.Resumed = true
	s.result.Identity = session.Identity
	s.result.PeerChain, s.result.PeerKeyType = session.PeerChain, session.PeerKeyType
	if err := s.chooseAgain(); err != nil {
		return s.state, err
	}
	s.agree(suite.Lookup(session.Suite), true, session.EncryptThenMAC)
	s.sendsTicket = s.a.cfg.Tickets != nil && s.ext.HasSessionTicket
	s.sessionID = s.hello.SessionID
	if err := s.draw(); err != nil {
		return s.state, err
	}
	s.newFlight()
	s.sendServerHello()
	if err := s.sendTicket(now, session); err != nil {
		return s.state, err
	}
	s.master = session.Master
	s.installKeys()
	s.sendChangeCipherSpec()
	s.sendFinished()
	return awaitFinished, s.launch(now, false)
}

// chooseAgain negotiates what a session does not fix: the application's
// protocol and SRTP (RFC 7301, Section 3.2; RFC 5764, Section 4.1).
func (s *server12) chooseAgain() error {
	choice, err := suite.Choose(s.hello, s.ext, &s.a.cfg.Policy, candidates(s.credentials))
	if err != nil {
		return err
	}
	s.result.ALPN = choice.NextProto
	s.result.SRTPProfile = choice.SRTPProfile
	return nil
}
