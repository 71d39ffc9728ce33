package interop

import (
	"fmt"
	"regexp"
	"time"
)

// patience is how long an expected line may take. A handshake that lost a datagram needs a second or two.
const patience = 6 * time.Second

// A console is what a program prints and when it ends.
type console struct {
	name   string
	output *transcript
	ended  chan struct{} // closed when the program has ended and everything that it printed is in output
}

// Want waits until the program has told what is wanted: until it has printed something that matches pattern, in which
// ^ and $ stand for the ends of a line. It does not matter when that was printed. Want returns the match and its groups.
func (c *console) Want(what, pattern string) ([]string, error) {
	compiled, err := regexp.Compile("(?m)" + pattern)
	if err != nil {
		return nil, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for ended := false; ; {
		groups, more := c.output.find(compiled)
		if groups != nil {
			return groups, nil
		}
		if ended {
			return nil, c.complaint("ended and did not tell its %s", what)
		}
		select {
		case <-more:
		case <-c.ended:
			ended = true
		case <-timer.C:
			return nil, c.complaint("did not tell its %s within %v", what, patience)
		}
	}
}

// wantEnd waits for the end of the program.
func (c *console) wantEnd() error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-c.ended:
		return nil
	case <-timer.C:
		return c.complaint("did not end within %v", patience)
	}
}

// Output returns all that the program printed so far, in the order of arrival.
func (c *console) Output() string {
	return c.output.String()
}

// complaint returns an error about the program that shows what it printed last.
func (c *console) complaint(format string, args ...any) error {
	return fmt.Errorf("%s %s; it said:\n%s", c.name, fmt.Sprintf(format, args...), lastLines(c.Output(), 5))
}
