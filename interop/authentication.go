package interop

// A Credential is what one side proves itself with.
type Credential uint8

const (
	// NoCredential is the credential of a client that only verifies the server.
	NoCredential Credential = iota
	// PreSharedKey is used by both sides at once.
	PreSharedKey
	// ECDSA is a certificate with a key on P-256.
	ECDSA
	// ECDSA384 is a certificate with a key on P-384.
	ECDSA384
	// Ed25519 is a certificate with such a key.
	Ed25519
	// RSA is a certificate with a key of 2048 bits.
	RSA
)

// String returns the name used in the table of results.
func (c Credential) String() string {
	return [...]string{"none", "PSK", "ECDSA P-256", "ECDSA P-384", "Ed25519", "RSA"}[c]
}

// An Authentication is how the two sides of a row prove themselves.
type Authentication struct {
	Server, Client Credential
}

// String returns the name used in the table of results.
func (a Authentication) String() string {
	switch a.Client {
	case PreSharedKey:
		return "PSK"
	case NoCredential:
		return a.Server.String()
	}
	return a.Server.String() + ", client " + a.Client.String()
}

// authentications are all those that a suite can be tried with.
func (s Suite) authentications() []Authentication {
	switch s.row().exchange {
	case exchangeECDHEECDSA:
		return []Authentication{{ECDSA, NoCredential}, {ECDSA384, NoCredential}, {Ed25519, NoCredential}, {ECDSA, ECDSA}, {Ed25519, Ed25519}}
	case exchangeECDHERSA:
		return []Authentication{{RSA, NoCredential}, {RSA, RSA}}
	case exchange13:
		all := []Authentication{{ECDSA, NoCredential}, {ECDSA384, NoCredential}, {Ed25519, NoCredential}, {RSA, NoCredential},
			{ECDSA, ECDSA}, {Ed25519, Ed25519}, {RSA, RSA}}
		if s == 0x1302 { // its hash is SHA-384, and external keys are for SHA-256: RFC 8446, Section 4.2.11
			return all
		}
		return append(all, Authentication{PreSharedKey, PreSharedKey})
	default:
		return []Authentication{{PreSharedKey, PreSharedKey}}
	}
}

// isCertificate reports whether the credential is one.
func (c Credential) isCertificate() bool {
	return c != NoCredential && c != PreSharedKey
}

// mutual reports whether the client shows a certificate too.
func (a Authentication) mutual() bool {
	return a.Client.isCertificate()
}
