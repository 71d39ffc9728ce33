package dtlstest

import (
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
