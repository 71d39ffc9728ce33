package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/dtlsd/dtlsd/bench/plan"
)

const (
	serverCore = "0"
	loadCore   = "1"

	startTimeout = 10 * time.Second
	pollInterval = 10 * time.Millisecond

	pskOption = "client:101112131415161718191a1b1c1d1e1f"
)

// suites are what every server with that authentication and version can do.
var suites = map[string]string{
	"psk 1.2":      "TLS_PSK_WITH_AES_128_GCM_SHA256",
	"ecdhepsk 1.2": "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256",
	"cert 1.2":     "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"psk 1.3":      "TLS_AES_128_GCM_SHA256",
	"cert 1.3":     "TLS_AES_128_GCM_SHA256",
}

func suiteOf(s plan.Server) string { return suites[s.Authentication+" "+s.Version] }

// A server is one that runs.
type server struct {
	command *exec.Cmd
	port    int
	errors  *bytes.Buffer
	ended   chan struct{}
}

// start starts a server alone on its core and waits until it takes datagrams.
func (r *Rig) start(ctx context.Context, s plan.Server) (*server, error) {
	if reason := r.unbuilt[s.Peer]; reason != "" {
		return nil, errors.New(reason)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	arguments := append([]string{"-c", serverCore, r.program(s.Peer)}, r.serverArguments(s, port)...)
	v := &server{command: exec.CommandContext(ctx, "taskset", arguments...), port: port, errors: new(bytes.Buffer), ended: make(chan struct{})}
	v.command.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", max(1, s.Shards)))
	v.command.Stderr = v.errors
	output, err := v.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := v.command.Start(); err != nil {
		return nil, err
	}
	said := make(chan string, 1)
	go v.read(output, said)
	if err := v.awaitReady(s.Peer == ourProgram, said); err != nil {
		v.stop()
		return nil, fmt.Errorf("did not start: %w: %s", err, firstLine(v.errors.String()))
	}
	return v, nil
}

// read passes on the first line that the server prints, and waits for its end.
func (v *server) read(output io.Reader, said chan<- string) {
	lines := bufio.NewReader(output)
	if line, err := lines.ReadString('\n'); err == nil {
		said <- strings.TrimSpace(line)
	}
	io.Copy(io.Discard, lines)
	v.command.Wait() // how it ended is nobody's concern: it is killed
	close(v.ended)
}

// awaitReady waits for the word of a peer. dtlsd says nothing with these
// settings; its socket shows when it listens.
func (v *server) awaitReady(bySocket bool, said <-chan string) error {
	timeout := time.After(startTimeout)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		select {
		case line := <-said:
			if !bySocket && line == "READY" {
				return nil
			}
		case <-poll.C:
			if bySocket && bound(v.port) {
				return nil
			}
		case <-v.ended:
			return errors.New("it ended")
		case <-timeout:
			return errors.New("it is not ready in time")
		}
	}
}

func (v *server) stop() {
	v.command.Process.Kill()
	<-v.ended
}

func (v *server) pid() int { return v.command.Process.Pid }

// serverArguments are those of dtlsd, or those that all peers understand.
func (r *Rig) serverArguments(s plan.Server, port int) []string {
	if s.Peer == ourProgram {
		return r.ourArguments(s, port)
	}
	arguments := []string{"-p", strconv.Itoa(port)}
	if s.Batch > 0 {
		arguments = append(arguments, "-b", strconv.Itoa(s.Batch))
	}
	if s.Plain() {
		return arguments
	}
	arguments = append(arguments, "-a", s.Authentication, "-G", s.Groups, "-c", r.certificate, "-k", r.key)
	if s.Version != "1.2" {
		arguments = append(arguments, "-v", s.Version)
	}
	return arguments
}

func (r *Rig) ourArguments(s plan.Server, port int) []string {
	arguments := []string{
		"serve", "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--reply", "echo", "--console", "off", "--datagrams", "off",
		"--log-level", "error", "--dtls", s.Version, "--groups", strings.ReplaceAll(s.Groups, ":", ","), "--ciphers", suiteOf(s),
	}
	if s.Authentication == "cert" {
		arguments = append(arguments, "--cert", r.certificate, "--key", r.key)
	} else {
		arguments = append(arguments, "--psk", pskOption)
	}
	if s.Shards > 0 {
		arguments = append(arguments, "--shards", strconv.Itoa(s.Shards))
	}
	return arguments
}

// freePort returns a port that was free a moment ago.
func freePort() (int, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	return socket.LocalAddr().(*net.UDPAddr).Port, nil
}

// bound reports whether a UDP socket of the machine has the port.
func bound(port int) bool {
	table, err := os.ReadFile("/proc/net/udp")
	return err == nil && hasPort(string(table), port)
}

// hasPort looks for the port in a table like /proc/net/udp, whose second column
// has the local address and port in hex.
func hasPort(table string, port int) bool {
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasSuffix(fields[1], suffix) {
			return true
		}
	}
	return false
}
