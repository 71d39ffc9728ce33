package dtls

import (
	"net/netip"

	"github.com/dtlsd/dtlsd/internal/udp"
)

// fewToFetch is how many datagrams a batch has at least whose sessions are
// fetched.
const fewToFetch = 4

// fetch brings the sessions of a batch into the cache of the processor. A session
// is a chain of a few pieces of memory, and where there are thousands, each of them
// has to be waited for. In loops of their own, one for each link of the chain, the
// processor waits for those of several sessions at the same time.
func (s *shard) fetch(batch []udp.Message) {
	if len(batch) < fewToFetch || s.table.len() < fewToFetch {
		return
	}
	s.fetched = s.fetched[:0]
	var before netip.AddrPort
	for i := range batch {
		if peer := batch[i].Peer; peer != before {
			before = peer
			if sess := s.table.get(peer); sess != nil {
				s.fetched = append(s.fetched, sess)
			}
		}
	}
	awake := s.fetched[:0]
	for _, sess := range s.fetched {
		if sess.live != nil {
			awake = append(awake, sess)
		}
	}
	ready := awake[:0]
	for _, sess := range awake {
		if sess.assoc != nil && sess.hs == nil {
			ready = append(ready, sess)
		}
	}
	for _, sess := range ready {
		sess.assoc.Fetch()
	}
	clear(s.fetched)
}
