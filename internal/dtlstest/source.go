package dtlstest

import (
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// Epoch is the time at which every test begins.
var Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// NewRand returns random bytes that the seed repeats.
func NewRand(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

// Keys makes ephemeral keys from a source that a seed repeats.
type Keys struct{ Rand io.Reader }

// GenerateKey returns the next key of the group. It tries until the random
// bytes are a scalar of the group, which they nearly always are.
func (k Keys) GenerateKey(g wire.Group) (suite.PrivateKey, error) {
	if g == wire.GroupX25519MLKEM768 {
		return k.generateHybridKey()
	}
	size := 32
	if g == wire.GroupP384 {
		size = 48
	}
	secret := make([]byte, size)
	for {
		if _, err := io.ReadFull(k.Rand, secret); err != nil {
			return nil, err
		}
		if key, err := suite.NewPrivateKey(g, secret); err == nil {
			return key, nil
		}
	}
}

// generateHybridKey returns the next key of X25519MLKEM768, whose answers to
// others come from the same source.
func (k Keys) generateHybridKey() (suite.PrivateKey, error) {
	secret := make([]byte, 32+mlkem.SeedSize)
	if _, err := io.ReadFull(k.Rand, secret); err != nil {
		return nil, err
	}
	return suite.NewHybridKey(secret[:32], secret[32:], func(to *mlkem.EncapsulationKey768) (sharedKey, ciphertext []byte) {
		var message [32]byte
		if _, err := io.ReadFull(k.Rand, message[:]); err != nil {
			panic(err) // the source of a test does not end
		}
		sharedKey, ciphertext, err := mlkemtest.Encapsulate768(to, message[:])
		if err != nil {
			panic(err)
		}
		return sharedKey, ciphertext
	})
}
