// Package dtlstest runs associations against each other in tests: with a
// clock that only the test moves, randomness that a seed repeats, and a
// network that loses, repeats, reorders and changes datagrams.
//
// It is for tests only, and imported by nothing else.
package dtlstest
