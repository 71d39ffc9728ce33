// Package daemon is what dtlsd does once its command line is read: it serves
// (serve.go) or connects (connect.go), shows what happens (journal.go,
// text.go, json.go), keeps credentials (pskfile.go, keyring.go,
// certificate.go) and replaces them on SIGHUP (reload.go).
//
// It speaks to people. Whatever came from a peer or from a file is shown
// through [Escape], and an error that a person can do something about is a
// [Fault], with a hint.
package daemon
