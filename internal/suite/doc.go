// Package suite holds the cryptography of an association: cipher suites and
// the protection of records, the pseudorandom function of DTLS 1.2 and the key
// schedule of DTLS 1.3 with what is derived from them, ephemeral keys, handshake
// signatures, and the choice of parameters that a ClientHello gets. What exists
// for both versions, and differs, has a 13 in its name for DTLS 1.3.
//
// Everything here is a function of its arguments, or a small struct with one
// owner. There is no clock and no I/O. Randomness enters in three places, each
// of them visible in a signature: [SystemKeys], the reader given to
// [Suite.NewProtection], and the [crypto.Signer] given to [Sign] and [Sign13].
//
// Certificates are not known here, only the public keys inside them.
package suite
