package wire

import (
	"errors"
	"testing"
)

func TestErrorsMatchTheirSentinels(t *testing.T) {
	tests := []struct {
		err                error
		malformed, illegal bool
	}{
		{ParseError{"client_hello", "random"}, true, false},
		{IllegalError{"client_hello", "record_size_limit"}, true, true},
		{errors.New("other"), false, false},
	}
	for _, test := range tests {
		if got := errors.Is(test.err, ErrMalformed); got != test.malformed {
			t.Errorf("%v is ErrMalformed: %v", test.err, got)
		}
		if got := errors.Is(test.err, ErrIllegal); got != test.illegal {
			t.Errorf("%v is ErrIllegal: %v", test.err, got)
		}
	}
}
