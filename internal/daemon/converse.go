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
)

// A conversation makes a datagram of each line of the input and prints what
// comes back. After the end of the input it waits a moment for answers that
// are still due.
type conversation struct {
	*client
	due    int       // answers
	last   time.Time // when the last line was sent
	unsent int       // lines that could not be
}

func (c *client) converse(ctx context.Context) error {
	stop := make(chan struct{})
	defer close(stop)
	in := newInput(c.in, stop)
	lines := in.lines
	conv := &conversation{client: c}
	var tooLate <-chan time.Time
	for lines != nil || conv.due > 0 {
		select {
		case line, open := <-lines:
			if open {
				conv.send(ctx, line)
				break
			}
			lines = nil
			tooLate = time.After(time.Until(conv.last.Add(lingerTime)))
		case datagram, open := <-c.received:
			if !open {
				return c.lost()
			}
			c.show(datagram)
			conv.due--
		case <-tooLate:
			conv.due = 0
		case <-ctx.Done():
			return conv.result(nil)
		}
	}
	return conv.result(in.err)
}

func (c *conversation) send(ctx context.Context, line []byte) {
	if err := c.client.send(ctx, line); err != nil {
		c.unsent++
		c.say(slog.LevelError, err.Error())
		return
	}
	c.due++
	c.last = time.Now()
}

// result is how the conversation went; err is that of the input.
func (c *conversation) result(err error) error {
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return runFault("", "standard input: a line has more than %d bytes", maxLine)
	case err != nil:
		return runFault("", "standard input: %w", err)
	case c.unsent > 0:
		return runFault("", "%s not sent", count(c.unsent, "line was", "lines were"))
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
