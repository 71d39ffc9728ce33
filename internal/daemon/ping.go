package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// answerTime is how long a server may take to answer.
const answerTime = 5 * time.Second

// ping sends as many pings as the settings say, in the words of Qt's example
// client, and fails unless each was answered.
func (c *client) ping(ctx context.Context) error {
	total, interval := c.settings.Ping, c.settings.Interval
	next := time.NewTimer(0)
	defer next.Stop()
	var tooLate <-chan time.Time
	for sent, answered := 0, 0; ; {
		select {
		case <-next.C:
			c.sendPing(ctx, sent)
			sent++
			if sent < total {
				next.Reset(interval)
			} else {
				tooLate = time.After(max(interval, answerTime))
			}
		case datagram, open := <-c.received:
			if !open {
				return c.lost()
			}
			if err := c.show(datagram); err != nil {
				return err
			}
			if answered++; answered == total {
				return nil
			}
		case <-tooLate:
			return runFault("", "%d of %s answered", answered, count(total, "ping was", "pings were"))
		case <-ctx.Done():
			return runFault("", "interrupted after %d of %s", answered, count(total, "answer", "answers"))
		}
	}
}

// sendPing sends the k-th ping. One that cannot be sent counts as lost: the
// server may come back.
func (c *client) sendPing(ctx context.Context, k int) {
	text := fmt.Sprintf("I am %s, please, accept our ping %d", c.name, k)
	if err := c.send(ctx, []byte(text)); err != nil {
		c.say(slog.LevelError, "failed to send a ping - "+err.Error())
	}
}
