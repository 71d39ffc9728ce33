package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"io"
	"time"

	"github.com/dtlsd/dtlsd/internal/engine"
)

// memory is what the connections of a test share: the clock, and what is
// needed to resume.
type memory struct {
	random io.Reader
	now    time.Time
	ticket cipher.AEAD

	session  *engine.SessionState            // of a client: the newest
	sessions map[string]*engine.SessionState // of a server: by ID
}

// newMemory returns the memory of a test. Its clock begins at some time that
// is not zero, and moves when the runner says so.
func newMemory() (*memory, error) {
	var key [16]byte
	if _, err := io.ReadFull(rand.Reader, key[:]); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &memory{
		random:   rand.Reader,
		now:      time.Unix(1234, 1234000),
		ticket:   aead,
		sessions: map[string]*engine.SessionState{},
	}, nil
}

// Seal implements engine.Sealer.
func (m *memory) Seal(_ time.Time, plaintext []byte) ([]byte, error) {
	return m.ticket.Seal(nil, nil, plaintext, nil), nil
}

// Open implements engine.Sealer.
func (m *memory) Open(_ time.Time, sealed []byte) ([]byte, bool) {
	plaintext, err := m.ticket.Open(nil, nil, sealed, nil)
	return plaintext, err == nil
}
