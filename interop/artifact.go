package interop

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// An artifact is a program or library that the tests build from source before its first use.
type artifact struct {
	file    string
	command []string // OUTPUT stands for the path of the result
}

var (
	// dtlsdProgram is the program under test, as a user builds it.
	dtlsdProgram = artifact{"dtlsd", []string{"go", "-C", "..", "build", "-o", "OUTPUT", "./cmd/dtlsd"}}

	gnuTLSUsername = artifact{"username.so", []string{"gcc", "-shared", "-fPIC", "-o", "OUTPUT", "gnutls/username.c"}}
	mbedTLSPeer    = artifact{"mbedtls-peer", []string{"gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-o", "OUTPUT",
		"peer/main.c", "mbedtls/library.c", "-lmbedtls", "-lmbedx509", "-lmbedcrypto"}}
	wolfSSLPeer = artifact{"wolfssl-peer", []string{"gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-o", "OUTPUT",
		"peer/main.c", "wolfssl/library.c", "-lwolfssl"}}
)

// A workshop builds artifacts, each once.
type workshop struct {
	directory string
	mu        sync.Mutex
	built     map[string]error
}

// build returns the path of the artifact.
func (w *workshop) build(a artifact) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	output := filepath.Join(w.directory, a.file)
	err, done := w.built[a.file]
	if !done {
		command := slices.Clone(a.command)
		command[slices.Index(command, "OUTPUT")] = output
		var text []byte
		if text, err = exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			err = fmt.Errorf("%s: %w\n%s", strings.Join(a.command, " "), err, text)
		}
		if w.built == nil {
			w.built = make(map[string]error)
		}
		w.built[a.file] = err
	}
	return output, err
}
