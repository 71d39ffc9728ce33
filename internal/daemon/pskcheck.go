package daemon

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/dtlsd/dtlsd/dtls"
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

// AddPSK is [GeneratePSK] at the end of a file, which is its owner's only.
func AddPSK(name, identity string, n int) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return unreadable(err)
	}
	defer f.Close()
	if err := checkOwnerOnly(f, false); err != nil {
		return err
	}
	content, err := io.ReadAll(f)
	if err != nil {
		return unreadable(err)
	}
	var line bytes.Buffer
	if len(content) > 0 && content[len(content)-1] != '\n' {
		line.WriteByte('\n')
	}
	if err := GeneratePSK(&line, identity, n); err != nil {
		return err
	}
	if _, err := f.Write(line.Bytes()); err != nil {
		return runFault("", "%s: %w", name, rootCause(err))
	}
	return f.Close()
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
			fmt.Fprintf(w, "identity '%s': the key has %d bytes and can be guessed; %d or more are better\n", dtls.Escape(string(p.name())), len(p.Key), recommendedKey)
		}
	}
	_, err = fmt.Fprintf(w, "%s: %s\n", dtls.Escape(name), count(len(psks), "identity", "identities"))
	return err
}

// count is a number with the noun in its grammatical number.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
