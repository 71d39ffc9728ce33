package daemon

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"time"
)

const (
	// lingerTime is how long answers to the last line are waited for.
	lingerTime = time.Second
	// maxLine bounds a line of the input, in bytes. No datagram is that long.
	maxLine = 1 << 20
	// A pipe fills the buffer of a socket in no time. So no more than window
	// lines are under way, and those that are not answered within stallTime
	// are not waited for.
	window    = 32
	stallTime = 50 * time.Millisecond
)

// A conversation makes a datagram of each line of the input and prints what
// comes back. After the end of the input it waits a moment for answers that
// are still due.
type conversation struct {
	*client
	lines    <-chan []byte // nil after the end of the input
	due      int           // answers that may still come
	underWay int           // lines whose answers the next line waits for
	last     time.Time     // when the last line was sent
	unsent   int           // lines that could not be
	tooLate  <-chan time.Time
	stalled  <-chan time.Time
}

func (c *client) converse(ctx context.Context) error {
	stop := make(chan struct{})
	defer close(stop)
	in := newInput(c.in, stop)
	conv := &conversation{client: c, lines: in.lines}
	for conv.lines != nil || conv.due > 0 {
		select {
		case line, open := <-conv.nextLine():
			switch {
			case !open:
				conv.endInput()
			case conv.obey(line):
			default:
				conv.send(ctx, line)
			}
		case datagram, open := <-c.received:
			if !open {
				return conv.unanswered(c.lost())
			}
			if err := c.show(datagram); err != nil {
				return err
			}
			conv.due--
			conv.underWay = max(0, conv.underWay-1)
		case <-conv.stalled:
			conv.underWay = 0
		case <-conv.tooLate:
			return conv.result(in.err)
		case <-ctx.Done():
			return conv.result(nil)
		}
	}
	return conv.result(in.err)
}

// nextLine returns where the next line comes from: nowhere, while too many are
// under way.
func (c *conversation) nextLine() <-chan []byte {
	if c.underWay >= window {
		return nil
	}
	return c.lines
}

func (c *conversation) send(ctx context.Context, line []byte) {
	if err := c.client.send(ctx, line); err != nil {
		c.unsent++
		c.say(slog.LevelError, err.Error())
		return
	}
	c.due++
	c.last = time.Now()
	if c.underWay++; c.underWay == window {
		c.stalled = time.After(stallTime)
	}
}

func (c *conversation) endInput() {
	c.lines = nil
	c.tooLate = time.After(time.Until(c.last.Add(lingerTime)))
}

// unanswered says how many lines were not answered, if any were not, because
// of err.
func (c *conversation) unanswered(err error) error {
	if c.due <= 0 {
		return err
	}
	return faultAt(count(c.due, "line was", "lines were")+" not answered", err)
}

// result is how the conversation went; err is that of the input. A server need
// not answer, but one that is gone cannot.
func (c *conversation) result(err error) error {
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return runFault("", "standard input: a line has more than %d bytes", maxLine)
	case err != nil:
		return runFault("", "standard input: %w", err)
	case c.unsent > 0:
		return runFault("", "%s not sent", count(c.unsent, "line was", "lines were"))
	}
	if gone := c.unreachable.Load(); gone != nil && c.due > 0 {
		return c.unanswered(&Fault{Err: withoutPrefix{gone}})
	}
	return nil
}

// An input is text that is read line by line, on a goroutine of its own.
type input struct {
	lines chan []byte // without their ends; closed at the end of the text
	err   error       // once lines is closed: why the text ended early, or nil
}

func newInput(r io.Reader, stop <-chan struct{}) *input {
	in := &input{lines: make(chan []byte)}
	go in.read(r, stop)
	return in
}

func (in *input) read(r io.Reader, stop <-chan struct{}) {
	defer close(in.lines)
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		line := append([]byte(nil), scanner.Bytes()...)
		select {
		case in.lines <- line:
		case <-stop:
			return
		}
	}
	in.err = scanner.Err()
}
