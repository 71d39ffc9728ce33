package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// An inProcess is a connection of a Go library in the process of the tests, made to look like a program. It prints the
// lines of peer/main.c.
type inProcess struct {
	console
	ctx    context.Context // ends with Stop
	cancel context.CancelFunc

	mu     sync.Mutex
	conn   net.Conn // nil until the handshake is complete
	closed bool
}

// startInProcess runs connect, prints the lines that describe its connection, and then each datagram that arrives. What
// else there is to tell may be written to output too. The caller must Stop it; by then connect must be able to return.
func startInProcess(name string, output *transcript, connect func(context.Context) (net.Conn, error), describe func(net.Conn) []string) *inProcess {
	ctx, cancel := context.WithCancel(context.Background())
	p := &inProcess{console: console{name: name, output: output, ended: make(chan struct{})}, ctx: ctx, cancel: cancel}
	go func() {
		defer close(p.ended)
		conn, err := connect(ctx)
		if err != nil {
			fmt.Fprintf(p.output, "error %v\n", err)
			return
		}
		p.adopt(conn)
		for _, line := range describe(conn) {
			fmt.Fprintln(p.output, line)
		}
		p.receive(conn)
	}()
	return p
}

// adopt makes conn the one to write to, or closes it if it came too late.
func (p *inProcess) adopt(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn = conn
	if p.closed {
		conn.Close()
	}
}

func (p *inProcess) receive(conn net.Conn) {
	buffer := make([]byte, 1<<14)
	for {
		n, err := conn.Read(buffer)
		switch {
		case errors.Is(err, io.EOF):
			fmt.Fprintln(p.output, "goodbye")
			return
		case err != nil:
			fmt.Fprintf(p.output, "error %v\n", err)
			return
		}
		fmt.Fprintf(p.output, "received %s\n", buffer[:n])
	}
}

// WriteLine sends line as a datagram.
func (p *inProcess) WriteLine(line string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return p.complaint("is not connected")
	}
	_, err := p.conn.Write([]byte(line))
	return err
}

// CloseInput closes the connection, at once or as soon as it exists.
func (p *inProcess) CloseInput() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	already := p.closed
	p.closed = true
	if p.conn == nil || already {
		return nil
	}
	return p.conn.Close()
}

// connection returns the connection behind an end that is a library, once its handshake is complete.
func connection(e End) (net.Conn, error) {
	if l, serves := e.(*programListener); serves {
		e = &l.programEnd
	}
	p, inProcess := e.(*programEnd).program.(*inProcess)
	if !inProcess {
		return nil, ErrNotOffered
	}
	if _, err := e.Report(SuiteName); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conn, nil
}

// Stop closes the connection, or ends the attempt to make one.
func (p *inProcess) Stop() {
	p.cancel()
	p.CloseInput()
	<-p.ended
}
