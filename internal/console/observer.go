package console

import (
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// Observer returns what tells the console what happens.
func (c *Console) Observer() *dtls.Observer {
	o := &dtls.Observer{
		Log:      c.log,
		Datagram: c.lines.datagram,

		WantsDatagrams: c.lines.wants,

		Handshake: c.traces.handshake,
		Drop:      c.traces.drop,
	}
	if c.captures != nil {
		o.Packet = c.captures.packet
		o.Secret = c.captures.secret
	}
	return o
}

func (c *Console) log(e dtls.Entry) {
	c.lines.log(e)
	c.samples.log(e)
	c.traces.log(e)
	c.metrics.log(e)
	if e.Kind == dtls.KindFailed { // nobody calls SessionClosed for it
		c.captures.closed(e.Session)
	}
}

// SessionClosed hears of the end of a session. It is for [dtls.Server.Closed].
func (c *Console) SessionClosed(s *dtls.Session, reason error) {
	c.closed.add(s.Info(), time.Now(), reason)
	c.captures.closed(s.ID())
}
