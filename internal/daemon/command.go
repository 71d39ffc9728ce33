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

// keyUpdateCommand is the line that changes the keys of both sides, in DTLS 1.3.
const keyUpdateCommand = "/key-update"

// obey does what a line says, if it is one of those that are not to be sent.
func (c *client) obey(line []byte) bool {
	switch string(line) {
	case rebindCommand:
		if !c.settings.CID {
			c.say(slog.LevelWarn, rebindCommand+" needs --cid: the line was not sent")
			return true
		}
		c.rebind()
	case keyUpdateCommand:
		if !c.updatesKeys {
			c.say(slog.LevelWarn, keyUpdateCommand+" needs DTLS 1.3: the line was not sent")
			return true
		}
		c.updateKeys()
	default:
		return false
	}
	return true
}

// updateKeys changes the keys of both sides. Lines tell when they are in use.
func (c *client) updateKeys() {
	conn, ok := c.conn.(*dtls.Conn)
	if !ok {
		return
	}
	if err := conn.KeyUpdate(true); err != nil {
		c.say(slog.LevelError, withoutPrefix{err}.Error())
	}
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
