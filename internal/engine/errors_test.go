package engine

import (
	"errors"
	"fmt"
	"testing"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestEveryErrorHasItsAlert(t *testing.T) {
	_, malformed := wire.ParseClientHello(nil)
	_, illegal := wire.ParseClientExtensions([]byte{0, 28, 0, 2, 0, 1}) // record_size_limit of 1
	for _, test := range []struct {
		err  error
		want wire.AlertDescription
	}{
		{refuse(wire.AlertUnknownCA, "nobody knows it"), wire.AlertUnknownCA},
		{&suite.ChoiceError{Alert: wire.AlertNoApplicationProtocol}, wire.AlertNoApplicationProtocol},
		{malformed, wire.AlertDecodeError},
		{illegal, wire.AlertIllegalParameter},
		{suite.ErrBadKeyShare, wire.AlertIllegalParameter},
		{suite.ErrBadSignature, wire.AlertDecryptError},
		{ErrSequenceExhausted, wire.AlertInternalError},
		{errors.New("disk full"), wire.AlertInternalError},
	} {
		if test.err == nil {
			t.Fatal("no error to begin with")
		}
		for _, err := range []error{test.err, fmt.Errorf("while something else: %w", test.err)} {
			if got := AlertFor(err); got != test.want {
				t.Errorf("%v: %v, want %v", err, got, test.want)
			}
		}
	}
}

func TestErrorsReadLikeSentences(t *testing.T) {
	inner := errors.New("expired")
	local := &LocalError{Alert: wire.AlertCertificateExpired, Err: inner}
	if local.Error() != "expired" || !errors.Is(local, inner) {
		t.Errorf("%v", local)
	}
	remote := &AlertError{Alert: wire.AlertHandshakeFailure}
	if remote.Error() != "the peer sent a fatal alert: handshake_failure" {
		t.Errorf("%v", remote)
	}
}
