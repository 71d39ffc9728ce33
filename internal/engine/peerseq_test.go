package engine

// PeerSeq returns the message_seq that would be the peer's next after the
// handshake.
func (a *Association) PeerSeq() uint16 {
	_, peer := a.messageSeqs()
	return uint16(peer)
}
