package daemon

import (
	"fmt"
	"strconv"

	"github.com/dtlsd/dtlsd/dtls"
)

// A CIDLength is the length, in bytes, of the connection IDs that a server gives
// to its clients, or CIDOff.
type CIDLength int

// CIDOff stands for no connection IDs.
const CIDOff CIDLength = 0

const maxCIDLength = 255

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *CIDLength) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*l = CIDOff
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > maxCIDLength {
		return fmt.Errorf("%q is neither a length from 1 to %d nor off", text, maxCIDLength)
	}
	*l = CIDLength(n)
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (l CIDLength) MarshalText() ([]byte, error) {
	if l == CIDOff {
		return []byte("off"), nil
	}
	return strconv.AppendInt(nil, int64(l), 10), nil
}

// apply says so to the library.
func (l CIDLength) apply(c *dtls.Config) {
	if l == CIDOff {
		c.ConnectionIDs = dtls.ConnectionIDsNever
	}
	c.ConnectionIDLength = int(l)
}
