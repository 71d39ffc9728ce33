package wire

import "errors"

// ErrMalformed is matched, with errors.Is, by every error that a Parse function of this package returns.
// Where the error is not also ErrIllegal, decode_error is the alert that fits.
var ErrMalformed = errors.New("malformed message")

// ErrIllegal is matched by errors about a field that decodes and whose value the RFC forbids:
// illegal_parameter is the alert that fits.
var ErrIllegal = errors.New("illegal value")

// A ParseError says which field of which message could not be decoded.
//
// Return it as a literal of constants: such a value becomes an error without allocating, and parsers
// run on floods of junk.
type ParseError struct {
	Message string // RFC name: "client_hello"
	Field   string // RFC name: "cipher_suites"
}

func (e ParseError) Error() string { return "malformed " + e.Message + ": " + e.Field }

// Is reports whether target is ErrMalformed.
func (e ParseError) Is(target error) bool { return target == ErrMalformed }

// An IllegalError says which field of which message has a value that the RFC forbids.
type IllegalError struct {
	Message string
	Field   string
}

func (e IllegalError) Error() string { return "illegal value in " + e.Message + ": " + e.Field }

// Is reports whether target is ErrIllegal or ErrMalformed.
func (e IllegalError) Is(target error) bool { return target == ErrIllegal || target == ErrMalformed }
