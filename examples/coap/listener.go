package main

import (
	"context"
	"io"
	"log"
	"net"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/plgd-dev/go-coap/v3/dtls/server"
	"github.com/plgd-dev/go-coap/v3/mux"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

// serve serves CoAP on the connections of a listener, which it closes, until
// ctx ends.
func serve(ctx context.Context, ln net.Listener, handler mux.Handler) error {
	return server.New(
		options.WithContext(ctx),
		options.WithMux(handler),
		options.WithErrors(func(err error) { log.Print("coap: ", err) }),
		options.WithInactivityMonitor(dtls.DefaultIdleTimeout, closeConn),
		options.WithOnNewConn(closeInTheEnd),
	).Serve(listener{ln})
}

// closeConn ends a connection that was idle for too long. The default of
// go-coap, 16 seconds, is not for devices that sleep: each time they would
// need a new handshake.
func closeConn(c *client.Conn) { c.Close() }

// closeInTheEnd closes a connection when the server stops. go-coap does so by
// the addresses of the clients, and forgets the connection of a client that
// came back from the same one after it had lost its state.
func closeInTheEnd(c *client.Conn) {
	context.AfterFunc(c.Context(), func() { c.Close() })
}

// A listener is a [net.Listener] as go-coap's DTLS server wants it. Its
// connections must keep the bounds of datagrams, as those of [dtls.Listener]
// do.
type listener struct {
	net.Listener
}

// AcceptWithContext waits for a connection until ctx ends, which closes the
// listener.
func (l listener) AcceptWithContext(ctx context.Context) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	conn, err := l.Accept()
	if err != nil {
		// This is go-coap's ErrListenerIsClosed. After any other error it
		// would try again at once, and for ever.
		return nil, io.EOF
	}
	return conn, nil
}
