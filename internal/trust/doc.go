// Package trust decides whom to believe: it verifies the certificate chains
// and raw public keys of peers, and turns our own into credentials.
//
// It is the only package below dtls that imports crypto/x509, so that the
// protocol itself stays free of it. Everything here may take its time, and
// calls that code of the user may make last longer still: it is run away from
// the goroutine that owns the association.
package trust
