package daemon

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	// MaxIdentity is the length in bytes of the longest PSK identity that
	// dtlsd takes. RFC 4279, Section 5.3 asks for 128 at least.
	MaxIdentity = 256
	// MaxKey is the length in bytes of the longest pre-shared key that dtlsd
	// takes. RFC 4279, Section 5.3 asks for 64 at least.
	MaxKey = 512
)

// A PSK is a pre-shared key and whose it is: one line of a PSK file.
//
// A line reads identity:key, the key in hexadecimal, as mosquitto and GnuTLS's
// psktool write it. The last colon of the line parts the two. An identity
// that would not survive as text is written in hexadecimal after a '#', as
// psktool does. Every other line that begins with '#', and an empty one, is a
// comment. The identity '*' stands for all that have no line of their own; a
// peer that calls itself '*' is #2a.
type PSK struct {
	Identity []byte // as it is on the wire; nil if Any
	Any      bool   // the key of every identity that has none of its own
	Key      []byte
}

const anyIdentity = "*"

const (
	hintPSKSyntax = "write identity:key, the key in hexadecimal; dtlsd psk gen makes one"
	hintPSKHex    = "a key is hexadecimal, two digits to the byte, without 0x or spaces"
)

// ParsePSK reads identity:key or #hex:key. Its errors never show the text,
// which may be a secret.
func ParsePSK(text []byte) (PSK, error) {
	if identity, digits, ok := hexForm(text); ok {
		return newPSK(identity, digits)
	}
	colon := bytes.LastIndexByte(text, ':')
	if colon < 0 {
		return PSK{}, usageFault(hintPSKSyntax, "no colon between identity and key")
	}
	identity, digits := text[:colon], text[colon+1:]
	if string(identity) != anyIdentity {
		return newPSK(bytes.Clone(identity), digits)
	}
	p, err := newPSK(nil, digits)
	p.Any = err == nil
	return p, err
}

// hexForm splits #hex:key and decodes the identity. Text that merely begins
// like that is a comment or an ordinary identity.
func hexForm(text []byte) (identity, digits []byte, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte("#"))
	if !ok {
		return nil, nil, false
	}
	encoded, digits, ok := bytes.Cut(rest, []byte(":"))
	if !ok || len(encoded) == 0 {
		return nil, nil, false
	}
	identity, err := hex.AppendDecode(nil, encoded)
	return identity, digits, err == nil
}

func newPSK(identity, digits []byte) (PSK, error) {
	if len(identity) > MaxIdentity {
		return PSK{}, usageFault("", "the identity has %d bytes, at most %d are possible", len(identity), MaxIdentity)
	}
	if len(digits) == 0 {
		return PSK{}, usageFault(hintPSKSyntax, "the key is empty")
	}
	key, err := hex.AppendDecode(nil, digits)
	if errors.Is(err, hex.ErrLength) {
		return PSK{}, usageFault(hintPSKHex, "the key has an odd number of hexadecimal digits")
	}
	if err != nil {
		return PSK{}, usageFault(hintPSKHex, "the key is not hexadecimal")
	}
	if len(key) > MaxKey {
		return PSK{}, usageFault("", "the key has %d bytes, at most %d are possible", len(key), MaxKey)
	}
	return PSK{Identity: identity, Key: key}, nil
}

// AppendTo appends p as a line of a PSK file, without its end.
func (p PSK) AppendTo(b []byte) []byte {
	switch {
	case p.Any:
		b = append(b, anyIdentity...)
	case plainIdentity(p.Identity):
		b = append(b, p.Identity...)
	default:
		b = append(b, '#')
		b = hex.AppendEncode(b, p.Identity)
	}
	b = append(b, ':')
	return hex.AppendEncode(b, p.Key)
}

// plainIdentity tells whether every reader of PSK files finds identity again
// when it is written as it is.
func plainIdentity(identity []byte) bool {
	switch {
	case len(identity) == 0:
		return true
	case string(identity) == anyIdentity, identity[0] == '#', identity[0] == ' ', identity[len(identity)-1] == ' ':
		return false
	}
	return bytes.IndexByte(identity, ':') < 0 && bytes.Equal(dtls.AppendEscaped(nil, identity), identity)
}

// ParsePSKFile reads the lines of a PSK file. An error names the line.
func ParsePSKFile(file []byte) ([]PSK, error) {
	if bytes.HasPrefix(file, []byte("\ufeff")) {
		return nil, usageFault("save the file as UTF-8 without it", "line 1: a byte order mark in front of the first identity")
	}
	var psks []PSK
	lines := make(map[string]int) // of the identities so far, as they are written
	n := 0
	for line := range bytes.Lines(file) {
		n++
		line = bytes.TrimRight(line, " \t\r\n")
		if commentary(line) {
			continue
		}
		p, err := ParsePSK(line)
		if err != nil {
			return nil, faultAt(fmt.Sprintf("line %d", n), err)
		}
		name := string(PSK{Identity: p.Identity, Any: p.Any}.AppendTo(nil))
		if first := lines[name]; first > 0 {
			return nil, usageFault("keep one of the two", "lines %d and %d are both about the identity '%s'", first, n, dtls.Escape(string(p.name())))
		}
		lines[name] = n
		psks = append(psks, p)
	}
	return psks, nil
}

// name is the identity as people write it.
func (p PSK) name() []byte {
	if p.Any {
		return []byte(anyIdentity)
	}
	return p.Identity
}

func commentary(line []byte) bool {
	if len(line) == 0 {
		return true
	}
	_, _, hexadecimal := hexForm(line)
	return line[0] == '#' && !hexadecimal
}

// ReadPSKFile reads a PSK file, in which there has to be a key, and which
// nobody but its owner may have access to unless anyMode is set.
func ReadPSKFile(name string, anyMode bool) ([]PSK, error) {
	file, err := readSecretFile(name, anyMode)
	if err != nil {
		return nil, err
	}
	psks, err := ParsePSKFile(file)
	if err != nil {
		return nil, faultAt(name, err)
	}
	if len(psks) == 0 {
		return nil, runFault(hintPSKSyntax, "%s holds no key", name)
	}
	return psks, nil
}
