package wire

// A KeyExchangeForm says which fields the key exchange messages of a cipher suite have. It is a set.
type KeyExchangeForm uint8

// The parts of the key exchange messages.
const (
	FormPSK    KeyExchangeForm = 1 << iota // identity hint and identity: RFC 4279, Section 2
	FormECDHE                              // ephemeral public keys: RFC 8422, Sections 5.4 and 5.7
	FormSigned                             // the server signs its public key: RFC 8422, Section 5.4
)

func (f KeyExchangeForm) has(part KeyExchangeForm) bool { return f&part != 0 }
