//go:build unix

package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dtlsd": main})
}

// The scripts are manuals that run: each shows one thing that people do with
// dtlsd, and what they get to see.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Values[backgroundKey{}] = make(background)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"background":  startBackground,
			"await":       awaitBackground,
			"type":        typeIntoBackground,
			"signal":      signalBackground,
			"ends":        endBackground,
			"certificate": writeCertificate,
		},
	})
}
