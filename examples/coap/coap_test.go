package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// programs are libcoap's client, once with each library that it does DTLS by.
var programs = []string{"coap-client-openssl", "coap-client-gnutls"}

// libcoap is the Debian package with the programs.
const libcoap = "libcoap3-bin"

// requirePrograms ends the test where the programs are missing: as failed, or,
// with DTLSD_INTEROP=skip-missing in the environment, as skipped.
func requirePrograms(t *testing.T) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		text := program + " is missing here; try: apt-get install --no-install-recommends " + libcoap
		if os.Getenv("DTLSD_INTEROP") == "skip-missing" {
			t.Skip(text)
		}
		t.Fatal(text)
	}
}

// serveFor starts the program for the time of a test and returns its URL.
func serveFor(t *testing.T, args []string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), writer)
		writer.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error("the server:", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("the server does not end")
		}
	})
	line, err := bufio.NewReader(reader).ReadString('\n')
	url, ok := strings.CutPrefix(line, "serving ")
	if !ok {
		t.Fatalf("the server said %q, %v", line, err)
	}
	return strings.TrimSpace(url)
}

// A device is one of the programs with the options of its credentials.
type device struct {
	program string
	options []string
}

// request runs the program and returns the body of the answer, or the code
// that it is told by, and everything else that the program prints.
func (d device) request(t *testing.T, patience time.Duration, url, method string, options ...string) string {
	t.Helper()
	args := append([]string{"-B", fmt.Sprint(patience.Seconds()), "-m", method}, d.options...)
	args = append(append(args, options...), url)
	output, err := exec.CommandContext(t.Context(), d.program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", d.program, args, err, output)
	}
	return strings.TrimSuffix(string(output), "\n")
}

func (d device) put(t *testing.T, url string, body string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return d.request(t, 10*time.Second, url, "put", "-f", file)
}

func (d device) get(t *testing.T, url string) string {
	t.Helper()
	return d.request(t, 10*time.Second, url, "get")
}

// A mode is a way to authenticate: the options of the server and of clients.
type mode struct {
	name           string
	server, client []string
	identity       string // of the client, as /whoami gives it
}

func modes(pki pki) []mode {
	server := []string{"-cert", pki.server.certificate, "-key", pki.server.key}
	return []mode{
		{"PSK", []string{"-psk", "sensor-7:open sesame"}, []string{"-u", "sensor-7", "-k", "open sesame"}, "sensor-7"},
		{"PKI", server, []string{"-C", pki.authority.certificate}, "nobody in particular"},
		{
			"PKI with client certificate", append(server, "-client-ca", pki.authority.certificate),
			[]string{"-C", pki.authority.certificate, "-c", pki.client.certificate, "-j", pki.client.key}, "sensor-8",
		},
	}
}

func TestClientsGetWhatTheyPut(t *testing.T) {
	requirePrograms(t)
	for _, m := range modes(newPKI(t)) {
		t.Run(m.name, func(t *testing.T) {
			url := serveFor(t, m.server)
			for _, program := range programs {
				t.Run(program, func(t *testing.T) { putAndGet(t, device{program, m.client}, url, m.identity) })
			}
		})
	}
}

func putAndGet(t *testing.T, d device, url, identity string) {
	if got := d.get(t, url+"/whoami"); got != identity {
		t.Errorf("GET /whoami: got %q, want %q", got, identity)
	}
	shelf := url + "/" + d.program
	if got := d.get(t, shelf); got != "4.04" {
		t.Errorf("GET of what is not there: got %q, want 4.04", got)
	}
	for _, size := range []int{1, 900} {
		body := text(size)
		if got := d.put(t, shelf, body); got != "" {
			t.Errorf("PUT of %d bytes: got %q, want nothing", size, got)
		}
		if got := d.get(t, shelf); got != body {
			t.Errorf("GET after PUT of %d bytes: got %q, want %q", size, got, body)
		}
	}
	if got := d.put(t, shelf, text(5000)); got != "4.08" {
		t.Errorf("PUT in blocks: got %q, want 4.08", got)
	}
	if got := d.request(t, 10*time.Second, shelf, "delete"); got != "" {
		t.Errorf("DELETE: got %q, want nothing", got)
	}
	if got := d.get(t, shelf); got != "4.04" {
		t.Errorf("GET after DELETE: got %q, want 4.04", got)
	}
}

// text returns so many characters that nobody has seen before.
func text(size int) string {
	return strings.Repeat(rand.Text(), size)[:size]
}

func TestStrangersGetNothing(t *testing.T) {
	requirePrograms(t)
	ours, theirs := newPKI(t), newPKI(t)
	all := modes(ours)
	psk, pki, mutual := all[0], all[1], all[2]
	for _, stranger := range []struct {
		name   string
		server mode
		client []string
	}{
		{"wrong key", psk, []string{"-u", "sensor-7", "-k", "open barley"}},
		{"unknown identity", psk, []string{"-u", "sensor-9", "-k", "open sesame"}},
		{"no key", psk, pki.client},
		{"no certificate", mutual, pki.client},
		{"certificate of another authority", mutual, []string{"-C", ours.authority.certificate, "-c", theirs.client.certificate, "-j", theirs.client.key}},
		{"server of another authority", pki, []string{"-C", theirs.authority.certificate}},
	} {
		t.Run(stranger.name, func(t *testing.T) {
			url := serveFor(t, stranger.server.server)
			for _, program := range programs {
				d := device{program, stranger.client}
				got := d.request(t, time.Second, url+"/whoami", "get")
				if !strings.Contains(got, "cannot send CoAP pdu") {
					t.Errorf("%s: got %q, want a complaint that nothing can be sent", program, got)
				}
			}
		})
	}
}

// The connections of a server end with it, even if a client began a second one
// from the address of the first.
func TestServerEndsAfterClientCameBack(t *testing.T) {
	url := serveFor(t, []string{"-psk", "sensor-7:open sesame"})
	server, err := net.ResolveUDPAddr("udp", strings.TrimPrefix(url, "coaps://"))
	if err != nil {
		t.Fatal(err)
	}
	var local *net.UDPAddr
	for range 2 {
		socket, err := net.DialUDP("udp", local, server)
		if err != nil {
			t.Fatal(err)
		}
		local = socket.LocalAddr().(*net.UDPAddr)
		conn, err := dtls.Client(socket, &dtls.Config{
			ClientPSK: dtls.StaticClientPSK("sensor-7", []byte("open sesame")),
		})
		if err != nil {
			t.Fatal(err)
		}
		ping(t, conn)
		socket.Close() // without a goodbye
	}
}

// ping sends an empty message, which is answered with a reset: RFC 7252,
// Section 4.3.
func ping(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Write([]byte{0x40, 0, 0x12, 0x34}); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if want := []byte{0x70, 0, 0x12, 0x34}; err != nil || !bytes.Equal(answer[:n], want) {
		t.Fatalf("got %x, %v, want %x", answer[:n], err, want)
	}
}
