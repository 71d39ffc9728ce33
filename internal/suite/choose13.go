package suite

import (
	"crypto"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// An Offer13 is what a ClientHello offers to a server of DTLS 1.3. A list is nil
// when its extension is absent, and not nil when it is there and empty.
type Offer13 struct {
	CompressionMethods     []byte
	CipherSuites           wire.Uint16List
	Groups                 wire.Uint16List // supported_groups
	Shares                 []wire.Group    // of key_share, each group once
	SignatureAlgorithms    wire.Uint16List
	PSKModes               []byte       // psk_key_exchange_modes
	PSKs                   []OfferedPSK // of pre_shared_key
	ServerCertificateTypes []byte
	ClientCertificateTypes []byte
	ALPN                   [][]byte
	SRTP                   *wire.UseSRTP

	// Retried is what the HelloRetryRequest said that this hello answers, or
	// nil for a first hello. It binds both sides.
	Retried *Parameters13
}

// An OfferedPSK is what is known of a pre-shared key that a client offers.
type OfferedPSK struct {
	// Hash is the one that the key goes with, or 0 for a key that the server
	// does not have, or has not looked up.
	Hash crypto.Hash
}

// Parameters13 are those that a HelloRetryRequest speaks of.
type Parameters13 struct {
	Suite *Suite13
	Group wire.Group // of the key agreement; 0 without one
	Retry bool       // the client has yet to send a share of Group
}

// A Choice13 is the outcome of Choose13: the parameters of one handshake. If it
// needs a retry, what is beside Parameters13 is decided again by the next hello.
type Choice13 struct {
	Parameters13
	PSK        int                  // index into the keys offered; -1 without one
	Credential int                  // index into the candidates given; -1 without certificate
	Scheme     wire.SignatureScheme // of CertificateVerify; 0 without certificate

	// CertificateType numbers; of no meaning without certificate.
	ServerCertificateType, ClientCertificateType uint8

	NextProto   string // "" when none is to be confirmed
	SRTPProfile uint16 // 0 when none is to be confirmed
}

// Choose13 decides what a DTLS 1.3 server answers to a ClientHello. The
// candidates are the certificates at hand, the preferred one first. A
// pre-shared key that both sides have comes before certificates, since the
// client was given one on purpose; otherwise the server's preferences rule. The
// error is a *ChoiceError.
func Choose13(o *Offer13, p *Policy, candidates []Candidate) (Choice13, error) {
	parameters, err := ChooseParameters13(o, p)
	if err != nil {
		return Choice13{}, err
	}
	c := Choice13{Parameters13: parameters, PSK: -1, Credential: -1}
	if !c.choosePSK(o, p) {
		if err := c.chooseCredential(o, p, candidates); err != nil {
			return Choice13{}, err
		}
	}
	var ok bool
	if c.NextProto, ok = nextProto(p.NextProtos, o.ALPN); !ok {
		return Choice13{}, noCommonProtocol(o.ALPN, p)
	}
	c.SRTPProfile = srtpProfile(p.SRTPProfiles, o.SRTP)
	return c, nil
}

// ChooseParameters13 decides what a HelloRetryRequest has to say, and whether
// one is needed for a share. It asks for nothing that has to be looked up, so
// that it can be called for a client whose address is not proven.
func ChooseParameters13(o *Offer13, p *Policy) (Parameters13, error) {
	chosen, obstacle := o.parameters(p)
	switch {
	case obstacle != nothing13:
		return Parameters13{}, o.refuse(obstacle, p)
	case o.Retried != nil:
		return o.retried()
	default:
		return chosen, nil
	}
}

// TryParameters13 is ChooseParameters13 for a first hello, without words for a
// refusal: it reports false and the alert to be sent, and allocates nothing.
func TryParameters13(o *Offer13, p *Policy) (chosen Parameters13, alert wire.AlertDescription, ok bool) {
	chosen, obstacle := o.parameters(p)
	return chosen, obstacle.alert(), obstacle == nothing13
}

// parameters decides for a first hello. One that answers a HelloRetryRequest is
// only looked through.
func (o *Offer13) parameters(p *Policy) (Parameters13, obstacle13) {
	if obstacle := o.acceptable(); obstacle != nothing13 || o.Retried != nil {
		return Parameters13{}, obstacle
	}
	at := slices.IndexFunc(p.Suites13, o.has)
	if at < 0 {
		return Parameters13{}, noSuite13
	}
	chosen := Parameters13{Suite: p.Suites13[at], Group: o.group(p)}
	if chosen.Group == 0 && !o.plainPSK(p) {
		return Parameters13{}, noGroup13
	}
	chosen.Retry = chosen.Group != 0 && !slices.Contains(o.Shares, chosen.Group)
	return chosen, nothing13
}

// acceptable checks what does not depend on the server.
func (o *Offer13) acceptable() obstacle13 {
	// RFC 8446, Section 4.1.2: "this vector MUST contain exactly one byte, set
	// to zero".
	if len(o.CompressionMethods) != 1 || o.CompressionMethods[0] != 0 {
		return compression13
	}
	// RFC 8446, Section 9.2.
	if (o.Groups == nil) != (o.Shares == nil) {
		return halfAnExchange
	}
	if o.PSKs == nil && (o.Groups == nil || o.SignatureAlgorithms == nil) {
		return noAuthentication
	}
	// RFC 8446, Section 4.2.9.
	if o.PSKs != nil && o.PSKModes == nil {
		return noPSKModes
	}
	if o.strayShare() != 0 {
		return strayShare
	}
	return nothing13
}

// strayShare returns a group with a share that the client does not support, or
// 0. Groups that we do not know do not matter, and to look for as many as a
// client cares to send would take long.
//
// RFC 8446, Section 4.2.8.
func (o *Offer13) strayShare() wire.Group {
	for _, g := range groups13 {
		if slices.Contains(o.Shares, g) && !o.Groups.Contains(uint16(g)) {
			return g
		}
	}
	return 0
}

// retried checks that the hello does what the HelloRetryRequest said.
//
// RFC 8446, Section 4.1.2: the client replaces "the list of shares with a list
// containing a single KeyShareEntry from the indicated group".
func (o *Offer13) retried() (Parameters13, error) {
	r := *o.Retried
	if !o.has(r.Suite) {
		return Parameters13{}, refuse(wire.AlertIllegalParameter, "client no longer offers %v, which the server chose", r.Suite)
	}
	if r.Group != 0 && !slices.Contains(o.Shares, r.Group) {
		return Parameters13{}, refuse(wire.AlertIllegalParameter, "client sends no key share of %v, which the server chose", r.Group)
	}
	if r.Retry && len(o.Shares) != 1 {
		return Parameters13{}, refuse(wire.AlertIllegalParameter, "client sends %d key shares, but was asked for one of %v alone", len(o.Shares), r.Group)
	}
	r.Retry = false
	return r, nil
}

// suites returns the suites that both sides have, in the server's order.
func (o *Offer13) suites(p *Policy) []*Suite13 {
	return slices.DeleteFunc(slices.Clone(p.Suites13), func(s *Suite13) bool { return !o.has(s) })
}

func (o *Offer13) has(s *Suite13) bool { return o.CipherSuites.Contains(uint16(s.ID)) }

// group returns the group to agree on a key in, or 0. The one that quantum
// computers do not break is worth another round trip; among others, one of
// which a share is there comes first.
func (o *Offer13) group(p *Policy) wire.Group {
	first := wire.Group(0)
	for _, g := range p.Groups {
		if !slices.Contains(groups13[:], g) || !o.Groups.Contains(uint16(g)) {
			continue
		}
		if g == wire.GroupX25519MLKEM768 {
			return g
		}
		if first == 0 || !slices.Contains(o.Shares, first) && slices.Contains(o.Shares, g) {
			first = g
		}
	}
	return first
}

// plainPSK reports whether a pre-shared key can do without an exchange of keys.
func (o *Offer13) plainPSK(p *Policy) bool {
	return p.PSK && p.PlainPSK && len(o.PSKs) > 0 && slices.Contains(o.PSKModes, wire.PSKModeKE)
}

// choosePSK looks for the client's first key that the server has and that goes
// with a suite of both, and decides the mode. The suite may be another one
// than before, if no HelloRetryRequest has named it. It reports whether there
// is a key, and changes nothing if not.
//
// RFC 8446, Section 4.2.11.
func (c *Choice13) choosePSK(o *Offer13, p *Policy) bool {
	exchange := c.Group != 0 && slices.Contains(o.PSKModes, wire.PSKModeDHEKE)
	if !p.PSK || !exchange && !o.plainPSK(p) {
		return false
	}
	suites := []*Suite13{c.Suite}
	if o.Retried == nil {
		suites = o.suites(p)
	}
	for i, psk := range o.PSKs {
		at := slices.IndexFunc(suites, func(s *Suite13) bool { return s.Hash == psk.Hash })
		if at < 0 {
			continue
		}
		c.Suite, c.PSK = suites[at], i
		if !exchange {
			c.Group, c.Retry = 0, false
		}
		return true
	}
	return false
}

// chooseCredential finds the certificate to authenticate the server with.
func (c *Choice13) chooseCredential(o *Offer13, p *Policy, candidates []Candidate) error {
	if len(candidates) == 0 {
		return o.noCredential(p)
	}
	if c.Group == 0 {
		return o.refuse(noGroup13, p)
	}
	// RFC 8446, Section 4.2.3.
	if o.SignatureAlgorithms == nil {
		return refuse(wire.AlertMissingExtension, "client does not say which signatures it can verify, and has no pre-shared key in common with the server")
	}
	typed := false
	for i, candidate := range candidates {
		if !p.shows(candidate.KeyType, o.ServerCertificateTypes) {
			continue
		}
		typed = true
		if scheme := candidate.Scheme13(p.Schemes, o.SignatureAlgorithms); scheme != 0 {
			c.Credential, c.Scheme, c.ServerCertificateType = i, scheme, candidate.KeyType
			return c.chooseClientType(o, p)
		}
	}
	if !typed {
		return noServerCertificateType(o.ServerCertificateTypes, p, candidates)
	}
	return refuse(wire.AlertHandshakeFailure, "no common signature scheme: client offers %s; server signs with %s",
		list(o.SignatureAlgorithms.All(), schemeName),
		list(slices.Values(usableSchemes(p, candidates, Candidate.schemes13)), wire.SignatureScheme.String))
}

// chooseClientType decides in what form the client would send a certificate.
func (c *Choice13) chooseClientType(o *Offer13, p *Policy) error {
	var ok bool
	if c.ClientCertificateType, ok = p.clientType(o.ClientCertificateTypes); !ok {
		return noCertificateType("client", o.ClientCertificateTypes, p.ClientCertificateTypes)
	}
	return nil
}
