package daemon

import (
	"fmt"
	"io"
)

// recommendedKey is the length in bytes below which a pre-shared key can be
// guessed: 128 bits.
const recommendedKey = 16

// GeneratePSK writes a line for a PSK file with a random key of n bytes. An
// empty identity asks for a random one too.
func GeneratePSK(w io.Writer, identity string, n int) error {
	if n < 1 || n > MaxKey {
		return usageFault("16 bytes are as strong as AES-128", "a key of %d bytes is not possible: it has 1 to %d", n, MaxKey)
	}
	if len(identity) > MaxIdentity {
		return usageFault("", "the identity has %d bytes, at most %d are possible", len(identity), MaxIdentity)
	}
	p := newGuest()
	p.Key = randomBytes(n)
	if identity != "" {
		p.Identity = []byte(identity)
	}
	_, err := fmt.Fprintf(w, "%s\n", p.AppendTo(nil))
	return err
}

// CheckPSKFile reads a PSK file as dtlsd serve does and says what is in it,
// but no key.
func CheckPSKFile(w io.Writer, name string, anyMode bool) error {
	psks, err := ReadPSKFile(name, anyMode)
	if err != nil {
		return err
	}
	for _, p := range psks {
		if len(p.Key) < recommendedKey {
			fmt.Fprintf(w, "identity '%s': the key has %d bytes and can be guessed; %d or more are better\n", Escape(p.name()), len(p.Key), recommendedKey)
		}
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", Escape([]byte(name)), count(len(psks), "identity", "identities"))
	return err
}

// count is a number with the noun in its grammatical number.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
