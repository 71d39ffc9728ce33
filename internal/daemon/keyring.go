package daemon

import (
	"github.com/dtlsd/dtlsd/dtls"
)

// A keyring finds the pre-shared key of an identity. It does not change; a
// reload makes another.
type keyring struct {
	keys map[string][]byte
	any  []byte // of the identities that have no key of their own; nil for none
}

// newKeyring takes the keys of several sources, which must not disagree about
// whose is which.
func newKeyring(sources ...[]PSK) (*keyring, error) {
	k := &keyring{keys: make(map[string][]byte)}
	for _, source := range sources {
		for _, p := range source {
			if k.has(p) {
				return nil, usageFault("keep one of the two", "the identity '%s' is given twice", Escape(p.name()))
			}
			k.add(p)
		}
	}
	return k, nil
}

func (k *keyring) has(p PSK) bool {
	if p.Any {
		return k.any != nil
	}
	_, ok := k.keys[string(p.Identity)]
	return ok
}

func (k *keyring) add(p PSK) {
	if p.Any {
		k.any = p.Key
		return
	}
	k.keys[string(p.Identity)] = p.Key
}

// find returns the key of an identity.
func (k *keyring) find(identity []byte) ([]byte, error) {
	if key, ok := k.keys[string(identity)]; ok {
		return key, nil
	}
	if k.any != nil {
		return k.any, nil
	}
	return nil, dtls.ErrUnknownIdentity
}
