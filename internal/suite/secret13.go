package suite

import "fmt"

func (s *Suite13) derivation() keyDerivation { return keyDerivation{s.Hash, dtls13} }

// TrafficKeys returns the keys of one direction and one epoch: cipher key, IV,
// and the key that hides record numbers.
//
// RFC 8446, Section 7.3, and RFC 9147, Section 4.2.3.
func (s *Suite13) TrafficKeys(traffic Secret) Keys {
	return s.bulk.trafficKeys(s.derivation().expander(traffic))
}

// HandshakeKeys returns the keys of one direction in the epoch of the handshake,
// and the key of its Finished message, for [Suite13.VerifyData].
//
// RFC 8446, Sections 4.4.4 and 7.3.
func (s *Suite13) HandshakeKeys(traffic Secret) (keys Keys, finished Secret) {
	x := s.derivation().expander(traffic)
	return s.bulk.trafficKeys(x), x.finishedKey()
}

func (b bulk) trafficKeys(x *expander) Keys {
	room := make(Keys, 0, b.key+b.iv+x.hash.Size()) // for the whole of the last block
	keys := x.appendLabel(room, "key", nil, b.key)
	keys = x.appendLabel(keys, "iv", nil, b.iv)
	return x.appendLabel(keys, "sn", nil, b.key)
}

// NextTraffic returns the traffic secret after a KeyUpdate. Wipe the one
// before.
//
// RFC 8446, Section 7.2.
func (s *Suite13) NextTraffic(traffic Secret) Secret {
	return s.derivation().expandLabel(traffic, "traffic upd", nil, s.Hash.Size())
}

// VerifyData returns the content of the Finished message of the side whose key
// for it is given with the hash of the messages before. Compare it in constant
// time.
//
// RFC 8446, Section 4.4.4.
func (s *Suite13) VerifyData(finished Secret, transcriptHash []byte) []byte {
	return s.derivation().verifyData(finished, transcriptHash)
}

// TicketPSK returns the pre-shared key that goes with a ticket of the given
// nonce, at most 255 bytes.
//
// RFC 8446, Section 4.6.1.
func (s *Suite13) TicketPSK(resumption Secret, nonce []byte) Secret {
	return s.derivation().ticketPSK(resumption, nonce)
}

func (d keyDerivation) ticketPSK(resumption Secret, nonce []byte) Secret {
	return d.expandLabel(resumption, "resumption", nonce, d.hash.Size())
}

// Exporter returns n bytes of keying material for the use that label names,
// from exporter_master_secret. No context is the same as an empty one. It is
// an error to ask for a label above 249 bytes, or for more than 255 times the size of the hash.
//
// RFC 8446, Section 7.5.
func (s *Suite13) Exporter(exporter Secret, label string, context []byte, n int) ([]byte, error) {
	return s.derivation().export(exporter, label, context, n)
}

func (d keyDerivation) export(exporter Secret, label string, context []byte, n int) ([]byte, error) {
	if longest := 255 - len(d.prefix); len(label) > longest {
		return nil, fmt.Errorf("exporter label of %d bytes is longer than %d", len(label), longest)
	}
	if most := 255 * d.hash.Size(); n < 0 || n > most {
		return nil, fmt.Errorf("cannot export %d bytes of keying material, only up to %d", n, most)
	}
	secret := d.expander(exporter).deriveFromNothing(label)
	defer secret.Wipe()
	hash := d.hash.New()
	hash.Write(context)
	return d.expandLabel(secret, "exporter", hash.Sum(nil), n), nil
}
