package dtls

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"time"
)

// The keys that a server makes for itself seal tickets for a day and open
// them for another, which is longer than a ticket is good.
const (
	ticketKeyRotation = 24 * time.Hour
	ticketKeyLife     = 2 * ticketKeyRotation
)

// ticketKeys seal session tickets: the engine's Sealer. The shards of a server
// share them.
type ticketKeys struct {
	rand io.Reader

	mu     sync.Mutex
	keys   []*ticketKey // the one that seals first
	pinned bool         // the user set the keys, and rotates them
}

// The parts of a ticket: the name of its key, a nonce, and the ciphertext.
const (
	ticketNameLen  = 16
	ticketNonceLen = 12
)

// A ticketKey is AES-256-GCM with a random nonce. A key that seals for a day
// stays far below the 2^32 tickets that this allows.
type ticketKey struct {
	name []byte
	aead cipher.AEAD
	born time.Time
}

func newTicketKeys(rand io.Reader) *ticketKeys { return &ticketKeys{rand: rand} }

// isPinned reports whether the user set the keys. It may be called on nil.
func (k *ticketKeys) isPinned() bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pinned
}

func (k *ticketKeys) set(secrets [][32]byte) {
	keys := make([]*ticketKey, len(secrets))
	for i := range secrets {
		keys[i] = newTicketKey(&secrets[i], time.Time{})
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.pinned = keys, true
}

// newTicketKey derives a key and its name from a secret, so that all servers
// with the same secret know it by the same name.
func newTicketKey(secret *[32]byte, born time.Time) *ticketKey {
	derive := func(label string, n int) []byte {
		out, err := hkdf.Expand(sha256.New, secret[:], "dtlsd session ticket "+label, n)
		if err != nil {
			panic("dtls: " + err.Error()) // no more is asked for than HKDF has
		}
		return out
	}
	block, err := aes.NewCipher(derive("key", 32))
	if err != nil {
		panic("dtls: " + err.Error()) // the length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("dtls: " + err.Error()) // so is that of the block
	}
	return &ticketKey{name: derive("name", ticketNameLen), aead: aead, born: born}
}

// Seal makes a ticket.
func (k *ticketKeys) Seal(now time.Time, plaintext []byte) ([]byte, error) {
	key, err := k.current(now)
	if err != nil {
		return nil, err
	}
	ticket := make([]byte, ticketNameLen+ticketNonceLen, ticketNameLen+ticketNonceLen+len(plaintext)+key.aead.Overhead())
	copy(ticket, key.name)
	nonce := ticket[ticketNameLen:]
	if _, err := io.ReadFull(k.rand, nonce); err != nil {
		return nil, err
	}
	return key.aead.Seal(ticket, nonce, plaintext, key.name), nil
}

// Open opens a ticket of ours.
func (k *ticketKeys) Open(now time.Time, ticket []byte) ([]byte, bool) {
	if len(ticket) < ticketNameLen+ticketNonceLen {
		return nil, false
	}
	key := k.named(now, ticket[:ticketNameLen])
	if key == nil {
		return nil, false
	}
	nonce, sealed := ticket[ticketNameLen:ticketNameLen+ticketNonceLen], ticket[ticketNameLen+ticketNonceLen:]
	plaintext, err := key.aead.Open(nil, nonce, sealed, key.name)
	return plaintext, err == nil
}

// current returns the key that seals, a new one if it is time.
func (k *ticketKeys) current(now time.Time) (*ticketKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys) > 0 && (k.pinned || now.Sub(k.keys[0].born) < ticketKeyRotation) {
		return k.keys[0], nil
	}
	var secret [32]byte
	if _, err := io.ReadFull(k.rand, secret[:]); err != nil {
		return nil, errors.New("no randomness for a ticket key: " + err.Error())
	}
	k.keys = append([]*ticketKey{newTicketKey(&secret, now)}, k.live(now)...)
	return k.keys[0], nil
}

// named returns the key of that name, or nil if it is not ours or too old.
func (k *ticketKeys) named(now time.Time, name []byte) *ticketKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.live(now) {
		if bytes.Equal(key.name, name) {
			return key
		}
	}
	return nil
}

// live returns the keys that may still open tickets. The caller holds the
// lock.
func (k *ticketKeys) live(now time.Time) []*ticketKey {
	for i, key := range k.keys {
		if !k.pinned && now.Sub(key.born) >= ticketKeyLife {
			return k.keys[:i]
		}
	}
	return k.keys
}
