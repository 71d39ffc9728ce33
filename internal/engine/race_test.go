//go:build race

package engine_test

// underRace says that the race detector watches, which costs a lot of time.
const underRace = true
