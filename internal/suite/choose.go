package suite

import (
	"crypto"
	"slices"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A Policy is what a server agrees to. Its lists are in order of preference
// and complete: what is not in them is refused, and nothing is implied. In
// Groups and Schemes, what a version cannot use is passed over.
type Policy struct {
	Suites   []*Suite
	Suites13 []*Suite13
	Groups   []wire.Group
	Schemes  []wire.SignatureScheme

	PSK                          bool // the server has pre-shared keys
	Certificates                 bool // the server has certificates, though not for every client
	EncryptThenMACRequired       bool // for CBC suites
	ExtendedMasterSecretRequired bool
	PlainPSK                     bool // pre-shared keys may do without an exchange of keys in DTLS 1.3

	// CertificateType numbers (RFC 7250): those that a server's certificates
	// may be of, those of the candidates where there are none; and those that
	// it takes from clients, X.509 alone where there are none, as there have to be
	// where clients are not asked for certificates. To a client they
	// are those that it takes, X.509 alone where there are none, and those of
	// its own certificates.
	ServerCertificateTypes []uint8
	ClientCertificateTypes []uint8

	NextProtos   []string // ALPN; empty means that the client's offer is ignored
	SRTPProfiles []uint16 // likewise
}

// A Choice is the outcome of Choose: the parameters of one full handshake.
type Choice struct {
	Suite      *Suite
	Group      wire.Group           // of the key agreement; 0 without one
	Credential int                  // index into the candidates given; -1 without certificate
	Scheme     wire.SignatureScheme // of the ServerKeyExchange; 0 without certificate

	// CertificateType numbers; of no meaning without certificate.
	ServerCertificateType, ClientCertificateType uint8

	EncryptThenMAC       bool // to be confirmed to the client
	ExtendedMasterSecret bool // to be confirmed to the client

	NextProto   string // "" when none is to be confirmed
	SRTPProfile uint16 // 0 when none is to be confirmed
}

// A Candidate is what Choose has to know of a certificate.
type Candidate struct {
	KeyType uint8 // a CertificateType
	Key     crypto.PublicKey
	Schemes []wire.SignatureScheme // that the key may sign with, the preferred one first; nil for all that go with it
}

// Choose decides what a DTLS 1.2 server answers to a ClientHello. The
// candidates are the certificates at hand, the preferred one first. The
// server's preferences rule: the first of p.Suites that can be completed wins.
// The error is a *ChoiceError.
func Choose(hello wire.ClientHello, ext wire.ClientExtensions, p *Policy, candidates []Candidate) (Choice, error) {
	o := offer{hello: &hello, ext: &ext, policy: p, candidates: candidates}
	if err := o.acceptable(); err != nil {
		return Choice{}, err
	}
	choice, nearest := Choice{}, noSuite
	for _, s := range p.Suites {
		if !hello.CipherSuites.Contains(uint16(s.ID)) {
			continue
		}
		c, missing := o.complete(s)
		if missing == nothing {
			choice = c
			break
		}
		nearest = max(nearest, missing)
	}
	if choice.Suite == nil {
		return Choice{}, o.refuse(nearest)
	}
	choice.ExtendedMasterSecret = ext.ExtendedMasterSecret
	choice.EncryptThenMAC = ext.EncryptThenMAC && choice.Suite.CBC()
	choice.SRTPProfile = srtpProfile(o.policy.SRTPProfiles, o.ext.SRTP)

	var ok bool
	if choice.NextProto, ok = nextProto(o.policy.NextProtos, o.ext.ALPN); !ok {
		return Choice{}, o.refuse(noProtocol)
	}
	return choice, nil
}

// obstacle is what keeps a suite from being used. The further a suite came,
// the larger its obstacle: the largest is the one worth telling.
type obstacle uint8

const (
	nothing          obstacle = iota
	noSuite                   // not in both lists
	noEncryptThenMAC          // the suite is in CBC mode
	noCredential              // neither key nor certificate of the kind
	noGroup                   // to agree on a key in
	noServerType              // of certificates that the client accepts
	noCurve                   // the certificate's own is not supported
	noScheme                  // to sign with
	noClientType              // of certificates that the server accepts
	noProtocol                // of the application
)

// offer is one ClientHello in the light of a policy.
type offer struct {
	hello      *wire.ClientHello
	ext        *wire.ClientExtensions
	policy     *Policy
	candidates []Candidate
}

// acceptable checks what does not depend on the suite.
func (o offer) acceptable() error {
	// RFC 5246, Section 7.4.1.2: the list MUST contain the null method.
	if !slices.Contains(o.hello.CompressionMethods, 0) {
		return &ChoiceError{wire.AlertIllegalParameter, "client does not offer the null compression method"}
	}
	// RFC 8422, Section 5.1.2: a list of point formats without the
	// uncompressed one ends the handshake if the client supports a curve.
	if o.ext.PointFormats != nil && len(o.ext.SupportedGroups) > 0 && !slices.Contains(o.ext.PointFormats, 0) {
		return &ChoiceError{wire.AlertIllegalParameter, "client does not accept uncompressed points"}
	}
	if o.policy.ExtendedMasterSecretRequired && !o.ext.ExtendedMasterSecret {
		return &ChoiceError{wire.AlertHandshakeFailure, "client does not offer extended_master_secret, which the server requires"}
	}
	return nil
}

// complete finds the parameters with which s can be used.
func (o offer) complete(s *Suite) (Choice, obstacle) {
	c := Choice{Suite: s, Credential: -1}
	if s.CBC() && o.policy.EncryptThenMACRequired && !o.ext.EncryptThenMAC {
		return c, noEncryptThenMAC
	}
	if s.KeyExchange.UsesPSK() && !o.policy.PSK {
		return c, noCredential
	}
	if s.KeyExchange.UsesCertificate() && !slices.ContainsFunc(o.candidates, func(c Candidate) bool { return s.KeyExchange.Accepts(c.Key) }) {
		return c, noCredential
	}
	if s.KeyExchange.UsesECDHE() {
		if c.Group = o.group(); c.Group == 0 {
			return c, noGroup
		}
	}
	if s.KeyExchange.UsesCertificate() {
		return o.authenticate(c)
	}
	return c, nothing
}

// authenticate adds to c what certificates need.
func (o offer) authenticate(c Choice) (Choice, obstacle) {
	var missing obstacle
	if c.Credential, c.Scheme, missing = o.credential(c.Suite.KeyExchange); missing != nothing {
		return c, missing
	}
	c.ServerCertificateType = o.candidates[c.Credential].KeyType
	var ok bool
	if c.ClientCertificateType, ok = o.policy.clientType(o.ext.ClientCertificateTypes); !ok {
		return c, noClientType
	}
	return c, nothing
}

// group returns the first group that both sides have, or 0.
//
// A client without supported_groups accepts any group (RFC 8422, Section 4).
// It gets P-256, the one that every implementation of that age has, if the
// policy has it.
func (o offer) group() wire.Group {
	if len(o.ext.SupportedGroups) == 0 && slices.Contains(o.policy.Groups, wire.GroupP256) {
		return wire.GroupP256
	}
	for _, g := range o.policy.Groups {
		if _, err := curveOf(g); err == nil && o.supports(g) {
			return g
		}
	}
	return 0
}

func (o offer) supports(g wire.Group) bool {
	return len(o.ext.SupportedGroups) == 0 || o.ext.SupportedGroups.Contains(uint16(g))
}

// credential returns the first certificate, by its index, that goes with k and
// with the client, and the scheme to sign with.
func (o offer) credential(k KeyExchange) (index int, scheme wire.SignatureScheme, missing obstacle) {
	for i, candidate := range o.candidates {
		if !k.Accepts(candidate.Key) {
			continue
		}
		if !o.policy.shows(candidate.KeyType, o.ext.ServerCertificateTypes) {
			missing = max(missing, noServerType)
			continue
		}
		// RFC 8422, Section 5.1: the supported groups limit the curves of
		// certificates too.
		if g := groupOf(candidate.Key); g != 0 && !o.supports(g) {
			missing = max(missing, noCurve)
			continue
		}
		if scheme := o.scheme(candidate); scheme != 0 {
			return i, scheme, nothing
		}
		missing = max(missing, noScheme)
	}
	return -1, 0, missing
}

// groupOf returns the group of an ECDSA key's curve, or 0.
func groupOf(pub crypto.PublicKey) wire.Group {
	switch kindOf(pub) {
	case ecdsaP256Key:
		return wire.GroupP256
	case ecdsaP384Key:
		return wire.GroupP384
	default:
		return 0
	}
}

// scheme returns the scheme that the candidate likes best, or 0. A client that
// sends no signature_algorithms means SHA-1 (RFC 5246, Section 7.4.1.4.1),
// which is not to be had.
func (o offer) scheme(c Candidate) wire.SignatureScheme {
	return c.Scheme(o.policy.Schemes, o.ext.SignatureAlgorithms)
}

// Scheme returns the first of the candidate's schemes that both sides accept,
// or 0.
func (c Candidate) Scheme(ours []wire.SignatureScheme, theirs wire.Uint16List) wire.SignatureScheme {
	return firstCommon(c.schemes(), ours, theirs)
}

// Scheme13 is what Scheme is, in DTLS 1.3.
func (c Candidate) Scheme13(ours []wire.SignatureScheme, theirs wire.Uint16List) wire.SignatureScheme {
	return firstCommon(c.schemes13(), ours, theirs)
}

func firstCommon(able, ours []wire.SignatureScheme, theirs wire.Uint16List) wire.SignatureScheme {
	for _, scheme := range able {
		if slices.Contains(ours, scheme) && theirs.Contains(uint16(scheme)) {
			return scheme
		}
	}
	return 0
}

// schemes returns what the key can and may sign with.
func (c Candidate) schemes() []wire.SignatureScheme { return c.allowed(schemesFor(c.Key)) }

// schemes13 is what schemes is, in DTLS 1.3.
func (c Candidate) schemes13() []wire.SignatureScheme { return c.allowed(schemesFor13(c.Key)) }

func (c Candidate) allowed(able []wire.SignatureScheme) []wire.SignatureScheme {
	if c.Schemes == nil {
		return able
	}
	return slices.DeleteFunc(slices.Clone(c.Schemes), func(scheme wire.SignatureScheme) bool {
		return !slices.Contains(able, scheme)
	})
}

// nextProto returns the application protocol. It reports false when the client
// asked for others only, which is fatal: RFC 7301, Section 3.2.
func nextProto(ours []string, theirs [][]byte) (string, bool) {
	if len(ours) == 0 || len(theirs) == 0 {
		return "", true
	}
	for _, our := range ours {
		for _, their := range theirs {
			if our == string(their) {
				return our, true
			}
		}
	}
	return "", false
}

// srtpProfile returns the first profile that both sides have, or 0. Without
// one the association goes on as ordinary DTLS: RFC 5764, Section 4.1.1.
func srtpProfile(ours []uint16, theirs *wire.UseSRTP) uint16 {
	if theirs == nil {
		return 0
	}
	for _, profile := range ours {
		if theirs.Profiles.Contains(profile) {
			return profile
		}
	}
	return 0
}
