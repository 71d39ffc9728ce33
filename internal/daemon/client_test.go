package daemon

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// A peerConn is a connection to a server that answers as its function says.
// Only what a client uses is there.
type peerConn struct {
	net.Conn
	answer  func(datagram string) []string
	answers chan []byte
	hangUp  func() // closes answers, once
}

func newPeerConn(answer func(string) []string) *peerConn {
	p := &peerConn{answer: answer, answers: make(chan []byte, 100)}
	p.hangUp = sync.OnceFunc(func() { close(p.answers) })
	return p
}

// goodbye is the answer of a server that ends the session.
const goodbye = "close_notify"

func (p *peerConn) Write(b []byte) (int, error) {
	if len(b) > 16384 {
		return 0, dtls.ErrMessageTooLarge
	}
	for _, a := range p.answer(string(b)) {
		if a == goodbye {
			p.hangUp()
			break
		}
		p.answers <- []byte(a)
	}
	return len(b), nil
}

func (p *peerConn) Read(b []byte) (int, error) {
	a, open := <-p.answers
	if !open {
		return 0, io.EOF
	}
	return copy(b, a), nil
}

func acknowledged(string) []string { return []string{"ACK"} }
func ignored(string) []string      { return nil }
func left(string) []string         { return []string{goodbye} }

// A dialogue is what happens in one run of a client, in virtual time.
type dialogue struct {
	settings  ConnectSettings
	input     string
	inputOpen bool          // after the text of input, nothing more comes, but no end either
	interrupt time.Duration // when Ctrl-C is pressed; 0 for never
	answer    func(string) []string

	printed []string
	took    time.Duration
	err     error
}

func (d *dialogue) run(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if d.interrupt > 0 {
			time.AfterFunc(d.interrupt, cancel)
		}
		in, out := io.Pipe()
		defer in.Close()
		go func() {
			io.WriteString(out, d.input)
			if !d.inputOpen {
				out.Close()
			}
		}()
		r := &recorder{}
		conn := newPeerConn(d.answer)
		defer conn.hangUp()
		c := &client{settings: &d.settings, name: "alice", in: in, printer: r, conn: conn}
		begin := time.Now()
		d.err = c.talk(ctx)
		d.took = time.Since(begin)
		d.printed = r.lines
	})
}

// want checks how the dialogue ended: with an error of that text, or well if
// it is empty.
func (d *dialogue) want(t *testing.T, err string, took time.Duration, printed ...string) {
	t.Helper()
	got := ""
	if d.err != nil {
		got = d.err.Error()
	}
	if got != err || d.took != took || !slices.Equal(d.printed, printed) {
		t.Errorf("after %v: error %q, printed %q; want after %v: error %q, printed %q", d.took, got, d.printed, took, err, printed)
	}
}

func TestPingsAreQtsAndSentOnTime(t *testing.T) {
	d := &dialogue{settings: ConnectSettings{Ping: 3, Interval: 5 * time.Second}}
	d.answer = func(ping string) []string { return []string{"answer to " + ping} }
	d.run(t)
	d.want(t, "", 10*time.Second,
		"answer to I am alice, please, accept our ping 0",
		"answer to I am alice, please, accept our ping 1",
		"answer to I am alice, please, accept our ping 2")
}

func TestPingFailsUnlessAllAreAnswered(t *testing.T) {
	firstOnly := func(ping string) []string {
		if strings.HasSuffix(ping, "0") {
			return []string{"ACK"}
		}
		return nil
	}
	tests := []struct {
		name     string
		interval time.Duration
		answer   func(string) []string
		took     time.Duration
		want     string
		printed  []string
	}{
		{"silence", time.Second, ignored, time.Second + answerTime, "0 of 2 pings were answered", nil},
		{"silence at long intervals", 8 * time.Second, ignored, 16 * time.Second, "0 of 2 pings were answered", nil},
		{"one is lost", time.Second, firstOnly, time.Second + answerTime, "1 of 2 pings were answered", []string{"ACK"}},
		{"the server leaves", time.Second, left, 0, "the server closed the session", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := &dialogue{settings: ConnectSettings{Ping: 2, Interval: tt.interval}, answer: tt.answer}
			d.run(t)
			d.want(t, tt.want, tt.took, tt.printed...)
		})
	}
}

func TestMessageWaitsForOneAnswer(t *testing.T) {
	message := "hello"
	d := &dialogue{settings: ConnectSettings{Message: &message}, answer: acknowledged}
	d.run(t)
	d.want(t, "", 0, "ACK")
	d.answer = ignored
	d.run(t)
	d.want(t, "no answer within 5s", answerTime)
	d.answer = left
	d.run(t)
	d.want(t, "the server closed the session", 0)
}

func TestLinesBecomeDatagrams(t *testing.T) {
	d := &dialogue{input: "one\r\n\ntwo words", answer: func(line string) []string { return []string{"<" + line + ">"} }}
	d.run(t)
	d.want(t, "", 0, "<one>", "<>", "<two words>")
}

func TestEndOfInputWaitsAMomentForAnswers(t *testing.T) {
	d := &dialogue{input: "one\ntwo\n", answer: ignored}
	d.run(t)
	d.want(t, "", lingerTime)
	d = &dialogue{answer: ignored}
	d.run(t)
	d.want(t, "", 0)
}

func TestLineThatFitsIntoNoDatagramFailsInTheEnd(t *testing.T) {
	d := &dialogue{input: strings.Repeat("x", 20000) + "\nshort\n", answer: acknowledged}
	d.run(t)
	d.want(t, "1 line was not sent", 0, "alice: a datagram of 20000 bytes is too large", "ACK")
}

func TestPipeDoesNotOverrunAServer(t *testing.T) {
	const lines = 10*window + 1
	text := strings.Repeat("x\n", lines)
	d := &dialogue{input: text, answer: acknowledged}
	d.run(t)
	d.want(t, "", 0, slices.Repeat([]string{"ACK"}, lines)...)

	sent := 0
	d = &dialogue{input: text, answer: func(string) []string { sent++; return nil }}
	d.run(t)
	d.want(t, "", 10*stallTime+lingerTime)
	if sent != lines {
		t.Errorf("sent %d lines of %d", sent, lines)
	}
}

func TestEndlessLineIsAnError(t *testing.T) {
	d := &dialogue{input: "short\n" + strings.Repeat("x", maxLine+1), answer: acknowledged}
	d.run(t)
	d.want(t, "standard input: a line has more than 1048576 bytes", 0, "ACK")
}

func TestServerThatLeavesEndsTheConversation(t *testing.T) {
	d := &dialogue{input: "hello\n", inputOpen: true, answer: left}
	d.run(t)
	d.want(t, "1 line was not answered: the server closed the session", 0)
}

func TestInterruptEndsAConversationProperly(t *testing.T) {
	d := &dialogue{input: "hello\n", inputOpen: true, interrupt: time.Hour, answer: acknowledged}
	d.run(t)
	d.want(t, "", time.Hour, "ACK")
}

func TestInterruptMeansThatNotAllPingsWereAnswered(t *testing.T) {
	d := &dialogue{settings: ConnectSettings{Ping: 2, Interval: time.Minute}, interrupt: time.Second, answer: acknowledged}
	d.run(t)
	d.want(t, "interrupted after 1 of 2 answers", time.Second, "ACK")
}
