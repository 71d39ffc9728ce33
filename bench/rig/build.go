// Package rig builds the servers, starts them one at a time, puts load on them
// and keeps what the load generator says. It needs Linux, two cores and taskset.
package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A cPeer is a server in C.
type cPeer struct {
	sources   []string
	libraries []string
}

var cPeers = map[string]cPeer{
	"openssl": {[]string{"openssl.c", "server.c", "socket.c"}, []string{"-lssl", "-lcrypto"}},
	"gnutls":  {[]string{"gnutls.c", "server.c", "socket.c"}, []string{"-lgnutls"}},
	"wolfssl": {[]string{"wolfssl.c", "server.c", "socket.c"}, []string{"-lwolfssl"}},
	"mbedtls": {[]string{"mbedtls.c", "server.c", "socket.c"}, []string{"-lmbedtls", "-lmbedx509", "-lmbedcrypto"}},
	"udp-c":   {[]string{"udp.c", "socket.c"}, nil},
}

// goPeers are the packages of the programs in Go, in the module of the comparison.
var goPeers = map[string]string{"pion": "./peers/pion", "udp-go": "./peers/udp", bareProgram: "./peers/bare"}

const (
	bareProgram = "bare"
	ourProgram  = "dtlsd"
)

// build makes all programs. A peer that cannot be built is missed only by the
// rows that want it; without dtlsd nothing can be measured.
func (r *Rig) build(ctx context.Context) error {
	if err := r.run(ctx, r.root, "go", "build", "-o", r.program(ourProgram), "./cmd/dtlsd"); err != nil {
		return err
	}
	for name, peer := range cPeers {
		arguments := []string{"-O2", "-Wall", "-Wextra", "-o", r.program(name)}
		for _, source := range peer.sources {
			arguments = append(arguments, filepath.Join("peers", source))
		}
		r.note(name, r.run(ctx, r.module, "gcc", append(arguments, peer.libraries...)...))
	}
	for name, folder := range goPeers {
		r.note(name, r.run(ctx, r.module, "go", "build", "-o", r.program(name), folder))
	}
	return nil
}

// note remembers why a peer could not be built.
func (r *Rig) note(name string, err error) {
	if err == nil {
		return
	}
	r.unbuilt[name] = fmt.Sprintf("could not be built (are all of bench/packages.txt installed?): %s", firstLine(err.Error()))
	r.log("%s %s", name, r.unbuilt[name])
}

func (r *Rig) program(name string) string { return filepath.Join(r.programs, name) }

// run runs a command to its end. The error has what it printed.
func (r *Rig) run(ctx context.Context, folder, name string, arguments ...string) error {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(output)))
	}
	return nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// makeFolders makes the folders that the programs and results go to.
func (r *Rig) makeFolders() error {
	for _, folder := range []string{r.programs, r.results} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	return nil
}
