package engine

// A ceiling bounds the record numbers that an association may use before it
// is snapshotted again. What was restored from the snapshot starts above it,
// so that no number serves twice whichever of the two lives on.
type ceiling struct {
	set           bool
	send, receive uint64
}

// spent reports whether seq may no longer be sent.
func (c *ceiling) spent(seq uint64) bool { return c.set && seq >= c.send }

// bars reports whether a record of number seq may no longer be taken.
func (c *ceiling) bars(seq uint64) bool { return c.set && seq >= c.receive }
