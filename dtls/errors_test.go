package dtls

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/trust"
	"github.com/dtlsd/dtlsd/internal/wire"
)

func TestPublicErrors(t *testing.T) {
	cause := errors.New("the cause")
	for _, test := range []struct {
		in      error
		is      error // nil for none
		text    string
		failure FailureReason
	}{
		{engine.ErrClosed, ErrSessionClosed, "dtls: session closed", FailedClosed},
		{engine.ErrCloseNotify, ErrPeerClosed, "dtls: closed by the peer", FailedOther},
		{fmt.Errorf("record: %w", engine.ErrSequenceExhausted), ErrSequenceExhausted, "dtls: record sequence numbers exhausted", FailedOther},
		{fmt.Errorf("%w: await finished", engine.ErrHandshakeTimeout), ErrHandshakeTimeout, "dtls: handshake timed out: await finished", FailedTimeout},
		{fmt.Errorf("%w: %w", engine.ErrHandshakeTimeout, engine.ErrWrongKey), ErrWrongKey,
			"dtls: handshake timed out: the pre-shared keys of the two sides probably differ", FailedWrongKey},
		{&engine.LocalError{Alert: wire.AlertHandshakeFailure, Err: engine.ErrNoPSK}, ErrNoPSK, "dtls: no pre-shared key for this server", FailedOther},
		{&engine.AlertError{Alert: wire.AlertUnknownCA}, nil, "dtls: the peer sent a fatal alert: unknown_ca", FailedAlert},
		{&engine.LocalError{Alert: wire.AlertUnknownCA, Err: &trust.Error{Err: cause}}, cause, "dtls: certificate not trusted: the cause", FailedCertificate},
		{&engine.LocalError{Alert: wire.AlertIllegalParameter, Err: cause}, cause, "dtls: the cause", FailedProtocol},
		{fmt.Errorf("dtls: %w", cause), cause, "dtls: the cause", FailedProtocol},
		{cause, cause, "dtls: the cause", FailedProtocol},
		{ErrReplaced, ErrReplaced, "dtls: replaced by a new session from the same address", FailedReplaced},
	} {
		got := publicError(test.in)
		if got.Error() != test.text || test.is != nil && !errors.Is(got, test.is) {
			t.Errorf("%v became %v, want %q", test.in, got, test.text)
		}
		if again := publicError(got); again != got {
			t.Errorf("%v became %v the second time", got, again)
		}
		if got := failureReason(got); got != test.failure {
			t.Errorf("%v counts as %v, want %v", test.in, got, test.failure)
		}
	}
}

func TestProtocolErrorsCarryTheirAlert(t *testing.T) {
	for want, err := range map[wire.AlertDescription]error{
		wire.AlertIllegalParameter: &engine.LocalError{Alert: wire.AlertIllegalParameter, Err: io.EOF},
		wire.AlertDecodeError:      wire.ParseError{Message: "finished", Field: "length"},
		wire.AlertInternalError:    io.EOF,
	} {
		var protocol *ProtocolError
		if got := publicError(err); !errors.As(got, &protocol) || protocol.Alert != uint8(want) {
			t.Errorf("%v became %v, want %v", err, got, want)
		}
	}
}

func TestReasonsAreNetErrors(t *testing.T) {
	for reason, timeout := range map[error]bool{
		ErrSessionClosed: false, ErrPeerClosed: false, ErrReplaced: false, ErrIdleTimeout: true,
		ErrHandshakeTimeout: true, ErrSequenceExhausted: false, ErrServerClosed: false,
	} {
		var netErr net.Error
		if !errors.As(reason, &netErr) || netErr.Timeout() != timeout || !errors.Is(reason, net.ErrClosed) {
			t.Errorf("%v: net.Error %v, timeout %v, closed %v", reason, netErr != nil, netErr.Timeout(), errors.Is(reason, net.ErrClosed))
		}
	}
	for _, err := range []error{&AlertError{Alert: 40}, &ProtocolError{Err: net.ErrWriteToConnected}, &CertificateError{net.ErrWriteToConnected}} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v does not match net.ErrClosed", err)
		}
	}
}

func TestUnreachableErrorNamesTheCause(t *testing.T) {
	err := &UnreachableError{
		Peer: netip.MustParseAddrPort("[2001:db8::1]:5684"),
		Err:  &net.OpError{Op: "read", Err: os.NewSyscallError("recvfrom", syscall.ECONNREFUSED)},
	}
	if err.Error() != "dtls: [2001:db8::1]:5684 is unreachable: connection refused" || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v", err)
	}
}

func TestLabels(t *testing.T) {
	seen := make(map[string]bool)
	for r := range NumFailures {
		label := FailureReason(r).String()
		if label == "" || seen[label] {
			t.Errorf("reason %d has the label %q", r, label)
		}
		seen[label] = true
	}
	if got := FailureReason(NumFailures).String(); got != "unknown" {
		t.Errorf("label %q", got)
	}
	if Info.String() != "info" || Warning.String() != "warning" || Error.String() != "error" {
		t.Error("levels")
	}
}
