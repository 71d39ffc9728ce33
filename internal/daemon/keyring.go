package daemon

import (
	"fmt"

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
				return nil, usageFault("keep one of the two", "the identity '%s' is given twice", dtls.Escape(string(p.name())))
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

// weaknesses says what is wrong with keys that work.
func (k *keyring) weaknesses() []string {
	var list []string
	short := 0
	for _, key := range k.keys {
		if len(key) < recommendedKey {
			short++
		}
	}
	if k.any != nil && len(k.any) < recommendedKey {
		short++
	}
	if short > 0 {
		list = append(list, fmt.Sprintf("%s shorter than %d bytes and can be guessed", count(short, "pre-shared key is", "pre-shared keys are"), recommendedKey))
	}
	if _, ok := k.keys[""]; ok {
		list = append(list, "There is a pre-shared key for the empty identity: whoever gives none uses it")
	}
	return list
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
