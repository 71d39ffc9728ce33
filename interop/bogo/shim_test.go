package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// patience is how long a test waits for the shim, which needs milliseconds.
const patience = 10 * time.Second

// A runner is the other end of a shim's connection: a client over the engine.
type runner struct {
	t      *testing.T
	conn   net.Conn
	in     *bufio.Reader
	client *dtlstest.Endpoint
	now    time.Time
}

// An outcome is how a shim ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// start runs the shim as a server with a pre-shared key and the other flags,
// and has play be the runner on its connection.
func start(t *testing.T, play func(r *runner), flags ...string) outcome {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	args := append([]string{"-port", strconv.Itoa(port), "-shim-id", "258", "-dtls", "-server", "-psk", "secret", "-psk-identity", "me"}, flags...)
	ended := make(chan outcome, 1)
	go func() {
		var stdout, stderr bytes.Buffer
		code := run(args, &stdout, &stderr)
		ended <- outcome{code, stdout.String(), stderr.String()}
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	r := &runner{t: t, conn: conn, in: bufio.NewReader(conn), now: dtlstest.Epoch}
	if id := r.take(8); binary.LittleEndian.Uint64(id) != 258 {
		t.Errorf("the shim says that it is %x", id)
	}
	r.newClient()
	play(r)
	r.leave()
	return <-ended
}

// leave ends the connection in order: to close it with something unread would
// break it, and the shim would see that instead of the end.
func (r *runner) leave() {
	if err := r.conn.(*net.TCPConn).CloseWrite(); err != nil {
		r.t.Error(err)
	}
	io.Copy(io.Discard, r.in)
	r.conn.Close()
}

func (r *runner) newClient() {
	cfg := dtlstest.Config(1)
	cfg.Policy.Suites = []*suite.Suite{suite.Lookup(wire.TLS_PSK_WITH_AES_128_GCM_SHA256)}
	r.client = dtlstest.NewClient(cfg.Complete(), r.now, engine.Target{}, func(e *dtlstest.Endpoint) {
		e.Identity = "me"
		e.PSKs = map[string]string{"me": "secret"}
	})
}

func (r *runner) take(n int) []byte {
	r.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r.in, b); err != nil {
		r.t.Fatal("the shim falls silent: ", err)
	}
	return b
}

func (r *runner) write(b []byte) {
	r.t.Helper()
	if _, err := r.conn.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// flush sends what the client has to send.
func (r *runner) flush() {
	for _, datagram := range r.client.Take() {
		r.write(append(binary.BigEndian.AppendUint32([]byte{'P'}, uint32(len(datagram))), datagram...))
	}
}

// receive hands the shim's next datagram to the client.
func (r *runner) receive() {
	r.t.Helper()
	if c := r.take(1)[0]; c != 'P' {
		r.t.Fatalf("the shim sends %q, want a datagram", c)
	}
	r.client.Receive(r.now, r.take(int(binary.BigEndian.Uint32(r.take(4)))))
}

// command sends a command with a number of 64 bits.
func (r *runner) command(c byte, n uint64) {
	r.write(binary.BigEndian.AppendUint64([]byte{c}, n))
}

// connect completes the handshake.
func (r *runner) connect() {
	for !r.client.Established {
		r.flush()
		r.receive()
	}
}

func (r *runner) echo(plaintext string) {
	r.t.Helper()
	if err := r.client.Say(plaintext); err != nil {
		r.t.Fatal(err)
	}
	r.flush()
	r.receive()
	want := []byte(plaintext)
	for i := range want {
		want[i] ^= 0xff
	}
	if got := r.client.Received; len(got) == 0 || !bytes.Equal(got[len(got)-1], want) {
		r.t.Errorf("the shim answers %x to %x", got, plaintext)
	}
}

func wantOutcome(t *testing.T, got outcome, code int, stderr string) {
	t.Helper()
	if got.code != code || got.stdout != "" || (stderr == "") != (got.stderr == "") || !strings.Contains(got.stderr, stderr) {
		t.Errorf("%+v, want code %d and %q", got, code, stderr)
	}
}

func TestShimAnswersWithTheComplement(t *testing.T) {
	got := start(t, func(r *runner) {
		r.connect()
		r.echo("hello")
		r.echo(strings.Repeat("x", wire.MaxPlaintext))
	})
	wantOutcome(t, got, exitPassed, "")
}

func TestShimEndsWithTheClientsGoodbye(t *testing.T) {
	got := start(t, func(r *runner) {
		r.connect()
		r.client.Close(r.now)
		r.flush()
		r.receive()
		if _, err := r.in.ReadByte(); err != io.EOF {
			t.Errorf("the shim goes on: %v", err)
		}
	})
	wantOutcome(t, got, exitPassed, "")
}

func TestShimSendsKeyingMaterialFirst(t *testing.T) {
	got := start(t, func(r *runner) {
		r.connect()
		r.receive()
		want, err := r.client.ExportKeyingMaterial("label", []byte("context"), true, 100)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(r.client.Received, [][]byte{want}, bytes.Equal) {
			t.Errorf("the shim sends %x, want %x", r.client.Received, want)
		}
	}, "-export-keying-material", "100", "-export-label", "label", "-export-context", "context", "-use-export-context")
	wantOutcome(t, got, exitPassed, "")
}

func TestShimMovesItsClockOnlyWhenToldTo(t *testing.T) {
	got := start(t, func(r *runner) {
		r.command('E', math.MaxUint64)
		r.flush()
		r.receive()
		r.command('E', uint64(400*time.Millisecond))
		r.command('T', uint64(399*time.Millisecond))
		if c := r.take(1)[0]; c != 't' {
			t.Fatalf("%q in answer to the clock", c)
		}
		r.command('E', uint64(time.Millisecond))
		r.command('T', uint64(time.Millisecond))
		if c := r.take(1)[0]; c != 't' {
			t.Fatalf("%q comes before the confirmation", c)
		}
		r.receive() // once more
		r.command('E', uint64(800*time.Millisecond))
		r.connect()
		r.command('E', math.MaxUint64)
		r.echo("still here")
	})
	wantOutcome(t, got, exitPassed, "")
}

func TestShimFailsIfItsTimerIsNotTheOneExpected(t *testing.T) {
	got := start(t, func(r *runner) {
		r.flush()
		r.receive()
		r.command('E', uint64(time.Second))
	})
	wantOutcome(t, got, exitFailed, "next timer in 400ms, expected 1s")
}

func TestShimLetsItsAlertArrive(t *testing.T) {
	got := start(t, func(r *runner) {
		r.flush()
		r.receive()
		body := []byte{1, 2, 3}
		f := wire.Fragment{Type: wire.TypeFinished, Length: 3, Seq: 1, Body: body}.AppendTo(nil)
		record := append(wire.AppendRecordHeader(nil, wire.ContentHandshake, wire.VersionDTLS12, 0, 9, len(f)), f...)
		datagram := append(binary.BigEndian.AppendUint32([]byte{'P'}, uint32(len(record))), record...)
		r.write(datagram)
		// What is sent from here on must not make the connection break.
		for range 10 {
			r.write(datagram)
		}
		r.receive()
		want := wire.Alert{Level: wire.AlertFatal, Description: wire.AlertUnexpectedMessage}
		if len(r.client.Alerts) != 1 || r.client.Alerts[0] != want {
			t.Errorf("alerts are %v, want %v", r.client.Alerts, want)
		}
	})
	wantOutcome(t, got, exitFailed, "unexpected finished")
}

func TestShimHoldsDatagramsToTheMTU(t *testing.T) {
	for _, flags := range [][]string{{"-mtu", "300"}, nil} {
		got := start(t, func(r *runner) {
			if flags == nil {
				r.write(binary.BigEndian.AppendUint32([]byte{'M'}, 300))
			}
			r.flush()
			if c := r.take(1)[0]; c != 'P' {
				t.Fatalf("the shim sends %q", c)
			}
			if n := binary.BigEndian.Uint32(r.take(4)); n > 300 {
				t.Errorf("a datagram of %d bytes", n)
			}
		}, append(flags, "-psk-identity", strings.Repeat("a long hint ", 40))...)
		wantOutcome(t, got, exitFailed, "EOF")
	}
}

func TestShimKnowsNoHandshaker(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run([]string{"-some-flag", "-is-handshaker-supported"}, &stdout, &stderr); code != exitPassed || stdout.String() != "No\n" || stderr.Len() > 0 {
		t.Errorf("code %d, %q, %q", code, &stdout, &stderr)
	}
}

func TestShimRefusesCommandsThatItDoesNotKnow(t *testing.T) {
	got := start(t, func(r *runner) { r.write([]byte{'?'}) })
	wantOutcome(t, got, exitUnimplemented, "command")
}
