package daemon

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/dtlsd/dtlsd/dtls"
)

// rebindCommand is the line that moves a client with a connection ID to another
// port, as if its gateway had done so.
const rebindCommand = "/rebind"

// isCommand tells the lines that are not to be sent.
func (c *client) isCommand(line []byte) bool {
	return c.settings.CID && string(line) == rebindCommand
}

// rebind moves the client to another port of the machine.
func (c *client) rebind() {
	if err := c.tryRebind(); err != nil {
		c.say(slog.LevelError, err.Error())
	}
}

func (c *client) tryRebind() error {
	conn, ok := c.conn.(*dtls.Conn)
	if !ok {
		return errors.New("this connection has no port")
	}
	before := conn.LocalAddr()
	socket, err := net.Dial("udp", conn.RemoteAddr().String())
	if err != nil {
		return fmt.Errorf("no other port: %w", err)
	}
	if err := conn.Rebind(socket); err != nil {
		socket.Close()
		return withoutPrefix{err}
	}
	c.say(slog.LevelInfo, fmt.Sprintf("moved from %v to %v", before, conn.LocalAddr()))
	return nil
}
