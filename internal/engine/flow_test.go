package engine

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// The messages that may follow in each state, read from the RFCs and not from
// the flows: RFC 6347, Section 4.2.4, RFC 4279, Section 2, and RFC 5077,
// Section 3.3; for DTLS 1.3, RFC 8446, Section 2 and Appendix A.
var (
	serverMayStartWith = map[state][]wire.HandshakeType{
		awaitClientHello: {wire.TypeClientHello},
	}
	clientMayStartWith = map[state][]wire.HandshakeType{
		awaitServerHello: {wire.TypeServerHello, wire.TypeHelloVerifyRequest},
	}
	serverMayTake = map[state][]wire.HandshakeType{
		awaitCertificate:       {wire.TypeCertificate},
		awaitClientKeyExchange: {wire.TypeClientKeyExchange},
		awaitCertificateVerify: {wire.TypeCertificateVerify},
		awaitFinished:          {wire.TypeFinished},
	}
	clientMayTake = map[state][]wire.HandshakeType{
		awaitCertificate:       {wire.TypeCertificate},
		awaitServerKeyExchange: {wire.TypeServerKeyExchange},
		awaitHintOrDone:        {wire.TypeServerKeyExchange, wire.TypeServerHelloDone},
		awaitRequestOrDone:     {wire.TypeCertificateRequest, wire.TypeServerHelloDone},
		awaitServerHelloDone:   {wire.TypeServerHelloDone},
		awaitTicket:            {wire.TypeNewSessionTicket},
		awaitFinished:          {wire.TypeFinished},
	}
	serverMayTake13 = map[state][]wire.HandshakeType{
		awaitCertificate:       {wire.TypeCertificate},
		awaitCertificateVerify: {wire.TypeCertificateVerify},
		awaitFinished:          {wire.TypeFinished},
	}
	clientMayTake13 = map[state][]wire.HandshakeType{
		awaitEncryptedExtensions:  {wire.TypeEncryptedExtensions},
		awaitCertificateOrRequest: {wire.TypeCertificateRequest, wire.TypeCertificate},
		awaitCertificate:          {wire.TypeCertificate},
		awaitCertificateVerify:    {wire.TypeCertificateVerify},
		awaitFinished:             {wire.TypeFinished},
	}
)

func TestR14FlowsHoldNoOtherPairsOfStateAndMessage(t *testing.T) {
	t.Run("server starts", func(t *testing.T) { checkFlow(t, &serverStart{}, serverStartFlow, serverMayStartWith) })
	t.Run("client starts", func(t *testing.T) { checkFlow(t, &clientStart{}, clientStartFlow, clientMayStartWith) })
	t.Run("server", func(t *testing.T) { checkFlow(t, &server12{}, server12Flow, serverMayTake) })
	t.Run("client", func(t *testing.T) { checkFlow(t, &client12{}, client12Flow, clientMayTake) })
	t.Run("server of DTLS 1.3", func(t *testing.T) { checkFlow(t, &server13{}, server13Flow, serverMayTake13) })
	t.Run("client of DTLS 1.3", func(t *testing.T) { checkFlow(t, &client13{}, client13Flow, clientMayTake13) })
}

func checkFlow[R role](t *testing.T, r R, flow []row[R], legal map[state][]wire.HandshakeType) {
	for s := range numStates {
		for n := range 256 {
			typ := wire.HandshakeType(n)
			rows := 0
			for _, row := range flow {
				if row.state == s && row.typ == typ {
					rows++
				}
			}
			if slices.Contains(legal[s], typ) {
				if rows != 1 {
					t.Errorf("%v: %d rows for %v, want one", s, rows, typ)
				}
				continue
			}
			if rows > 0 {
				t.Errorf("%v: a row for %v", s, typ)
				continue
			}
			next, err := dispatch(r, flow, s, time.Time{}, message{typ: typ})
			var local *LocalError
			if !errors.As(err, &local) || local.Alert != wire.AlertUnexpectedMessage || next != s {
				t.Errorf("%v: %v is answered with %v and leads to %v", s, typ, err, next)
			}
		}
	}
}

func TestEveryStateHasAName(t *testing.T) {
	seen := map[string]bool{}
	for s := range numStates {
		if s.String() == "" || seen[s.String()] {
			t.Errorf("state %d is called %q", s, s)
		}
		seen[s.String()] = true
	}
}
