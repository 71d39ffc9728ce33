package load

import (
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// A tally is what a worker has counted. It is under the worker's lock.
type tally struct {
	ok, failed      uint64
	lost, late, bad uint64
	touched         uint64 // idle sessions over which something was sent
	handshakes      uint64 // that were completed
	dropped         uint64 // datagrams that we lost on purpose
	sent            uint64 // datagrams of the scenario: echoes, touches or hellos
	retransmissions uint64
	unsent          uint64 // datagrams that the kernel did not take
	stray           uint64 // datagrams for nobody
	latency         histogram
	reasons         map[string]uint64
	complaints      []string
	agreed          *engine.State // by the first handshake; nil before
}

// fail counts a failure and its reason.
func (t *tally) fail(err error) {
	t.failed++
	t.note(reasonOf(err))
}

// maxComplaints is how many complaints are kept: what is wrong a thousand times
// is known after a few.
const maxComplaints = 50

// complain keeps what a server that is in order does not do.
func (t *tally) complain(format string, args ...any) {
	if len(t.complaints) < maxComplaints {
		t.complaints = append(t.complaints, fmt.Sprintf(format, args...))
	}
}

// note counts a reason.
func (t *tally) note(reason string) {
	if t.reasons == nil {
		t.reasons = map[string]uint64{}
	}
	t.reasons[reason]++
}

// reasonOf says why an association ended, in the same words for the same cause.
func reasonOf(err error) string {
	var alert *engine.AlertError
	switch {
	case errors.As(err, &alert):
		return fmt.Sprintf("the server sent %v", alert.Alert)
	case errors.Is(err, engine.ErrCloseNotify):
		return "the server closed the session"
	case errors.Is(err, engine.ErrHandshakeTimeout):
		return "no answer in time"
	default:
		return err.Error()
	}
}

// merge adds what another worker counted.
func (t *tally) merge(other *tally) {
	t.ok += other.ok
	t.failed += other.failed
	t.lost += other.lost
	t.late += other.late
	t.bad += other.bad
	t.sent += other.sent
	t.touched += other.touched
	t.handshakes += other.handshakes
	t.dropped += other.dropped
	t.complaints = append(t.complaints, other.complaints...)
	t.retransmissions += other.retransmissions
	t.unsent += other.unsent
	t.stray += other.stray
	t.latency.merge(&other.latency)
	for reason, n := range other.reasons {
		t.note(reason)
		t.reasons[reason] += n - 1
	}
	if t.agreed == nil {
		t.agreed = other.agreed
	}
}
