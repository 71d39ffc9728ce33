// Package interop holds the tests of dtlsd against the DTLS implementations of other people: OpenSSL, GnuTLS,
// Mbed TLS, wolfSSL, Qt, pion and libcoap. The programs are run as a user runs them, on loopback, one after the other.
//
// A row of the matrix is a peer, its role, a cipher suite and a way to authenticate. It passes only if the peer's own
// output names that suite, random data reached both ends, and the server noticed the client's goodbye.
// The table of all rows is printed when the run ends.
//
//	go test -count=1 ./...
//
// runs everything against ../cmd/dtlsd. With
//
//	go test -count=1 . -args -subject openssl
//
// another implementation takes dtlsd's place (openssl, gnutls, mbedtls, wolfssl or pion). That is the control
// experiment: a row that fails there too is a fault of this harness or of the peer.
//
// A missing program fails the tests that need it; with DTLSD_INTEROP=skip-missing in the environment it skips them.
//
// To add a peer: 1. its Debian packages in packages.txt and the rows of programs in package.go; 2. a file
// NAME_test.go with its table of suites, an Implementation and a test that calls matrix; 3. what is odd about it, as a
// comment beside the code that copes with it.
package interop
