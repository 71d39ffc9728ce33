package dtls

import "encoding/binary"

// A slab keeps byte strings of many sessions where the collector has nothing to
// look for. It has chunks, each with slots of one size. A string is found by its
// place. What is freed is wiped, and a chunk that becomes empty is given back.
type slab struct {
	chunks []chunk
	unused []chunkIndex            // of entries of chunks without memory
	roomy  [slabClasses]chunkIndex // the first chunk of each size that has room
	spare  []byte                  // of a chunk that became empty; nil for none
}

// A place is where a string lies: the number of the chunk, counted from 1, and
// that of the slot in it. 0 is no place.
type place uint32

// A chunkIndex is the number of a chunk, counted from 1; 0 is none.
type chunkIndex uint32

const (
	slabStep    = 16 // bytes from one size of slots to the next
	slabClasses = 64
	maxSlabbed  = slabStep*slabClasses - slabHeader // bytes that have a place in a slab
	slabHeader  = 2                                 // bytes before a string: its length
	chunkSize   = 64 << 10
	slotBits    = 12 // as many slots as a chunk may have
)

// A chunk has slots, and those that are free in a list: each holds the number
// of the next, counted from 1.
type chunk struct {
	memory     []byte
	next, prev chunkIndex // with room, of the same size
	class      uint8
	free       uint16 // the first free slot, counted from 1; 0 for none
	fresh      uint16 // slots from here on were never used
	used       uint16
}

func (c *chunk) size() int   { return slabStep * (int(c.class) + 1) }
func (c *chunk) slots() int  { return min(chunkSize/c.size(), 1<<slotBits) }
func (c *chunk) roomy() bool { return int(c.used) < c.slots() }

// slot returns the memory of a slot.
func (c *chunk) slot(i uint16) []byte { return c.memory[int(i)*c.size():][:c.size()] }

// put keeps b, which has at most maxSlabbed bytes, and returns where.
func (s *slab) put(b []byte) place {
	class := uint8((slabHeader + len(b) - 1) / slabStep)
	at := s.roomy[class]
	if at == 0 {
		at = s.add(class)
	}
	c := &s.chunks[at-1]
	i := c.take()
	if !c.roomy() {
		s.unlink(at)
	}
	slot := c.slot(i)
	binary.LittleEndian.PutUint16(slot, uint16(len(b)))
	copy(slot[slabHeader:], b)
	return place(at)<<slotBits | place(i)
}

// take takes a free slot.
func (c *chunk) take() uint16 {
	c.used++
	if c.free == 0 {
		c.fresh++
		return c.fresh - 1
	}
	i := c.free - 1
	c.free = binary.LittleEndian.Uint16(c.slot(i))
	return i
}

// get returns what lies at a place. It is good until that is freed.
func (s *slab) get(p place) []byte {
	slot := s.chunks[p>>slotBits-1].slot(p.slot())
	return slot[slabHeader:][:binary.LittleEndian.Uint16(slot)]
}

func (p place) slot() uint16 { return uint16(p & (1<<slotBits - 1)) }

// drop frees a place.
func (s *slab) drop(p place) {
	at := chunkIndex(p >> slotBits)
	c := &s.chunks[at-1]
	if !c.roomy() {
		s.link(at)
	}
	slot := c.slot(p.slot())
	clear(slot)
	binary.LittleEndian.PutUint16(slot, c.free)
	c.free = p.slot() + 1
	c.used--
	if c.used == 0 {
		s.remove(at)
	}
}

// add returns a new chunk.
func (s *slab) add(class uint8) chunkIndex {
	memory := s.spare
	if s.spare = nil; memory == nil {
		memory = make([]byte, chunkSize)
	}
	at := s.entry()
	s.chunks[at-1] = chunk{memory: memory, class: class}
	s.link(at)
	return at
}

// entry returns the number of a chunk without memory.
func (s *slab) entry() chunkIndex {
	if last := len(s.unused) - 1; last >= 0 {
		at := s.unused[last]
		s.unused = s.unused[:last]
		return at
	}
	s.chunks = append(s.chunks, chunk{})
	return chunkIndex(len(s.chunks))
}

// remove gives an empty chunk back, or keeps it for the next that is needed.
func (s *slab) remove(at chunkIndex) {
	s.unlink(at)
	if s.spare == nil {
		s.spare = s.chunks[at-1].memory
	}
	s.chunks[at-1] = chunk{}
	s.unused = append(s.unused, at)
}

// link puts a chunk to those that have room.
func (s *slab) link(at chunkIndex) {
	c := &s.chunks[at-1]
	c.next, c.prev = s.roomy[c.class], 0
	if c.next != 0 {
		s.chunks[c.next-1].prev = at
	}
	s.roomy[c.class] = at
}

// unlink takes a chunk off those that have room.
func (s *slab) unlink(at chunkIndex) {
	c := &s.chunks[at-1]
	if c.next != 0 {
		s.chunks[c.next-1].prev = c.prev
	}
	if c.prev != 0 {
		s.chunks[c.prev-1].next = c.next
	} else {
		s.roomy[c.class] = c.next
	}
	c.next, c.prev = 0, 0
}
