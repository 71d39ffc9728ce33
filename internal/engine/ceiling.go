package engine

// A ceiling bounds the record numbers that an association may use before it
// is exported again. What is restored from the export starts above it, so
// that no number serves twice, whichever of the two lives on. An association
// that was never exported has none: the nil ceiling bounds nothing.
type ceiling struct {
	lineage       Lineage
	generation    uint64 // of the newest export
	send, receive uint64 // one above the last number; 0 for no bound
}

// spent reports whether record number seq may no longer be sent.
func (c *ceiling) spent(seq uint64) bool { return c != nil && c.send > 0 && seq >= c.send }

// bars reports whether record number seq may not be taken.
func (c *ceiling) bars(seq uint64) bool { return c != nil && c.receive > 0 && seq >= c.receive }

// holds reports whether what was exported may still be restored, which knows of
// the keys of its time alone: they must not change before the next export.
func (c *ceiling) holds() bool { return c != nil && c.send > 0 }
