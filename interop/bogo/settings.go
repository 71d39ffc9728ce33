package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// What the tests take for granted where no flag says otherwise.
const (
	defaultMTU        = 1472
	defaultMaxMessage = 48 << 10
	initialTimeout    = 400 * time.Millisecond
	maxTimeout        = 60 * time.Second
	retransmissions   = 12
	ticketCount       = 2
	defaultCredential = -1 // the index of the credential that has no flag of its own
	anyCredential     = -2 // a test does not care which credential is used
)

// settings are what the flags of a test say about one of its connections.
type settings struct {
	port        int
	shimID      uint64
	ipv6        bool
	dtls        bool
	server      bool
	resumptions int

	minVersion, maxVersion int
	disabled               []wire.Version
	mtu                    int
	timeout                int // of the first transmission, in milliseconds
	maxMessage             int // bytes of a handshake message

	files       []credentialFiles // after the first, which is the default, in order of preference
	groups      []wire.Group
	schemes     []wire.SignatureScheme // to accept
	psk         string
	pskIdentity string
	noTickets   bool
	serverName  string

	certificateTypes []uint8 // of a client's certificates, to offer; nil for those that it has

	alpnOffer    string // in the form it has on the wire
	alpnSelect   string
	alpnReject   bool
	srtpProfiles []uint16

	requestsCertificate bool
	requiresCertificate bool
	distrusts           bool // every certificate
	distrustIsUnknown   bool // the alert for that is certificate_unknown
	verifiesAgain       bool // on resumption

	updatesKeys bool // before every read

	exportLength     int
	exportLabel      string
	exportContext    string
	exportHasContext bool

	expect expectations
}

// newSettings returns the settings of a test without flags.
func newSettings() *settings {
	return &settings{
		minVersion: int(wire.VersionDTLS10),
		maxVersion: int(wire.VersionDTLS13),
		mtu:        defaultMTU,
		maxMessage: defaultMaxMessage,
		timeout:    int(initialTimeout / time.Millisecond),
		files:      make([]credentialFiles, 1),
		expect:     expectations{credential: anyCredential},
	}
}

// credential returns the files that flags are about: those of the credential
// that was begun last.
func (s *settings) credential() *credentialFiles { return &s.files[len(s.files)-1] }

// check tells settings that cannot be followed.
func (s *settings) check() error {
	switch {
	case !s.dtls:
		return fmt.Errorf("TLS over a stream: %w", errUnimplemented)
	case len(s.versions()) == 0:
		return fmt.Errorf("versions from %#x to %#x: %w", s.minVersion, s.maxVersion, errUnimplemented)
	case s.noTickets && !s.server:
		return fmt.Errorf("a client that takes no tickets: %w", errUnimplemented)
	}
	return nil
}

// versions returns those that may be negotiated, the newest first.
func (s *settings) versions() []wire.Version {
	var versions []wire.Version
	for _, v := range []wire.Version{wire.VersionDTLS13, wire.VersionDTLS12} {
		if s.allows(v) {
			versions = append(versions, v)
		}
	}
	return versions
}

// allows reports whether a version may be negotiated. Versions of DTLS count
// down.
func (s *settings) allows(v wire.Version) bool {
	for _, disabled := range s.disabled {
		if v == disabled {
			return false
		}
	}
	return s.maxVersion <= int(v) && int(v) <= s.minVersion
}

// config returns the settings as the engine takes them.
func (s *settings) config(m *memory) *engine.Config {
	cfg := engine.Config{
		Rand:              m.random,
		Keys:              suite.SystemKeys{},
		Policy:            s.policy(),
		Versions:          s.versions(),
		TicketCount:       ticketCount,
		SelectCredentials: true,
		ClientAuth:        s.clientAuth(),
		PSKHint:           []byte(s.pskIdentity),
		Certificate:       true,
		AcknowledgeName:   true,
		SessionCache:      true,
		MTU:               s.mtu,
		RetransmitInitial: time.Duration(s.timeout) * time.Millisecond,
		RetransmitMax:     maxTimeout,
		RetransmitLimit:   retransmissions,
		MaxMessage:        s.maxMessage,
		FixedMTU:          true,
		Packing:           engine.PackAll,
	}
	if !s.noTickets {
		cfg.Tickets = m
	}
	return cfg.Complete()
}

func (s *settings) policy() suite.Policy {
	p := suite.Policy{
		Suites:       suite.Default(),
		Suites13:     suite.Default13(),
		Groups:       s.groups,
		Schemes:      s.schemes,
		PSK:          s.psk != "",
		NextProtos:   s.protocols(),
		SRTPProfiles: s.srtpProfiles,
	}
	if !s.server {
		p.ClientCertificateTypes = s.ownCertificateTypes()
	}
	if p.Groups == nil {
		p.Groups = suite.DefaultGroups()
	}
	if p.Schemes == nil {
		p.Schemes = suite.DefaultSchemes()
	}
	return p
}

// ownCertificateTypes returns the types of certificates that a client offers, in
// order of preference.
func (s *settings) ownCertificateTypes() []uint8 {
	types := s.certificateTypes
	if types == nil && slices.ContainsFunc(s.files, func(f credentialFiles) bool { return f.raw }) {
		types = []uint8{wire.CertificateTypeRawPublicKey, wire.CertificateTypeX509}
	}
	return types
}

func (s *settings) clientAuth() engine.ClientAuth {
	switch {
	case s.requiresCertificate:
		return engine.RequireClientCert
	case s.requestsCertificate:
		return engine.RequestClientCert
	default:
		return engine.NoClientCert
	}
}

// protocols returns the application protocols to offer or to accept. A server
// that rejects every offer accepts only what nobody offers.
func (s *settings) protocols() []string {
	switch {
	case s.alpnReject:
		return []string{"\x00"}
	case s.alpnSelect != "":
		return []string{s.alpnSelect}
	default:
		return splitProtocols(s.alpnOffer)
	}
}

// splitProtocols takes a list of names apart that each follow their length.
func splitProtocols(list string) []string {
	var names []string
	for len(list) > 0 {
		n := min(1+int(list[0]), len(list))
		names = append(names, list[1:n])
		list = list[n:]
	}
	return names
}

// srtpProfileNames are the profiles of RFC 5764, Section 4.1.2 and RFC 7714,
// Section 14.2 under the names that flags use.
var srtpProfileNames = map[string]uint16{
	"SRTP_AES128_CM_SHA1_80": 0x0001,
	"SRTP_AES128_CM_SHA1_32": 0x0002,
	"SRTP_AEAD_AES_128_GCM":  0x0007,
	"SRTP_AEAD_AES_256_GCM":  0x0008,
}

// parseProfiles reads names with colons between them.
func parseProfiles(names string) ([]uint16, error) {
	var profiles []uint16
	for name := range strings.SplitSeq(names, ":") {
		profile, ok := srtpProfileNames[name]
		if !ok {
			return nil, fmt.Errorf("SRTP profile %q: %w", name, errUnimplemented)
		}
		profiles = append(profiles, profile)
	}
	return profiles, nil
}
