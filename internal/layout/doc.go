// Package layout holds the tests that keep the repository in its shape: which
// package may import which, what the state machine must do without, how long
// files and functions get and how citations are spelled. It has no code.
package layout
