package daemon

import (
	"context"
	"time"
)

// ask sends one datagram and prints the answer.
func (c *client) ask(ctx context.Context, message string) error {
	if err := c.send(ctx, []byte(message)); err != nil {
		return err
	}
	tooLate := time.NewTimer(answerTime)
	defer tooLate.Stop()
	select {
	case datagram, open := <-c.received:
		if !open {
			return c.lost()
		}
		return c.show(datagram)
	case <-tooLate.C:
		return runFault("", "no answer within %v", answerTime)
	case <-ctx.Done():
		return runFault("", "interrupted before there was an answer")
	}
}
