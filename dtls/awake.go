package dtls

// An awakeList has the sessions of a shard that do not sleep, in no order. Each
// knows its place, counted from 1, by the field awake of its live part.
type awakeList struct {
	list []*Session
}

func (a *awakeList) len() int { return len(a.list) }

func (a *awakeList) add(s *Session) {
	a.list = append(a.list, s)
	s.awake = int32(len(a.list))
}

func (a *awakeList) remove(s *Session) {
	last := len(a.list) - 1
	a.list[s.awake-1] = a.list[last]
	a.list[s.awake-1].awake = s.awake
	a.list[last] = nil
	a.list = a.list[:last]
	s.awake = 0
}
