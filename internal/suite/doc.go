// Package suite holds the cryptography of an association: cipher suites and
// the protection of records, the pseudorandom function and what is derived
// with it, ephemeral keys, handshake signatures, and the choice of parameters
// that a ClientHello gets.
//
// Everything here is a function of its arguments, or a small struct with one
// owner. There is no clock and no I/O. Randomness enters in three places, each
// of them visible in a signature: [SystemKeys], the reader given to
// [Suite.NewProtection], and the [crypto.Signer] given to [Sign].
//
// Certificates are not known here, only the public keys inside them.
package suite
