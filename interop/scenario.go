package interop

// A Scenario is what both ends of a connection are told. The zero value of a field leaves the matter to them.
type Scenario struct {
	Suite          Suite // the only one that either end offers or accepts
	Authentication Authentication
	Certificates   Certificates

	Identity string // of the pre-shared key
	Key      string // the pre-shared key in hex

	Group  string     // the only group for key agreement: X25519, P-256, P-384 or, in DTLS 1.3, X25519MLKEM768
	ALPN   string     // the one protocol that both offer
	SRTP   string     // the one protection profile that both offer, by its OpenSSL name
	MTU    int        // of both, in bytes
	KeyLog string     // the files that they log their secrets to, up to their last dot
	Inside *Namespace // where the client runs
	Resume Resumption

	MACThenEncrypt bool // suites in CBC mode may do without encrypt-then-MAC

	ClientSuite  Suite    // the client's only one, if it is another
	ClientGroups []string // the client's groups, if they are others; its key share is of the first

	WrongIdentity bool // the server knows nobody of the client's name
	WrongKey      bool // the client uses another key than the server
	WrongTrust    bool // the client trusts another authority than the one that signed the server's certificate
	NoCertificate bool // the client has none, even if the server demands one

	// Fate, if set, is asked for each datagram what happens to it on the way. See NewRelay.
	Fate func(from Role, datagram int) Fate
}

// SuiteOf returns the suite of that side.
func (s *Scenario) SuiteOf(r Role) Suite {
	if r == Client && s.ClientSuite != 0 {
		return s.ClientSuite
	}
	return s.Suite
}

// GroupsOf returns the groups of that side, the preferred one first; none if they are left to it.
func (s *Scenario) GroupsOf(r Role) []string {
	switch {
	case r == Client && len(s.ClientGroups) > 0:
		return s.ClientGroups
	case s.Group != "":
		return []string{s.Group}
	}
	return nil
}

// ClientIdentity returns the identity that the client presents.
func (s *Scenario) ClientIdentity() string {
	if s.WrongIdentity {
		return "stranger"
	}
	return s.Identity
}

// ClientKey returns the pre-shared key of the client, in hex.
func (s *Scenario) ClientKey() string {
	if s.WrongKey {
		return "00" + s.Key
	}
	return s.Key
}

// ClientTrusts returns the file of the authority by which the client verifies the server.
func (s *Scenario) ClientTrusts() string {
	kind := s.Authentication.Server
	if s.WrongTrust && kind == ECDSA384 {
		kind = ECDSA
	} else if s.WrongTrust {
		kind = ECDSA384
	}
	return s.Certificates.Authority(kind)
}

// ServerTrusts returns the file of the authority by which the server verifies the client, which must show a
// certificate; or the empty string if it asks for none.
func (s *Scenario) ServerTrusts() string {
	if !s.Authentication.mutual() {
		return ""
	}
	return s.Certificates.Authority(s.Authentication.Client)
}

// ClientShows returns what the client shows to the server, with its files if it is a certificate.
func (s *Scenario) ClientShows() (Credential, Pair) {
	if s.NoCertificate {
		return NoCredential, Pair{}
	}
	return s.Authentication.Client, s.Certificates.Client(s.Authentication.Client)
}

// keyLogOf returns the file to which that side logs its secrets, or the empty string.
func (s *Scenario) keyLogOf(r Role) string {
	if s.KeyLog == "" {
		return ""
	}
	return s.KeyLog + "." + r.String()
}

// A Resumption is a way to come back. The client connects once, says goodbye, and connects again; the End that the
// tests see is the second connection.
type Resumption uint8

const (
	// NoResumption is a full handshake.
	NoResumption Resumption = iota
	// ByTicket resumes with a ticket.
	ByTicket
	// BySessionID resumes with a session ID that the server remembers.
	BySessionID
)

// String returns the words used in the table of results.
func (r Resumption) String() string {
	return [...]string{"full handshake", "resumed by ticket", "resumed by session ID"}[r]
}
