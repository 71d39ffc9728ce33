package main

import (
	"flag"
	"fmt"
	"io"
	"math/bits"
	"strconv"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A connection says which connection of a test flags are for.
type connection string

const (
	initialConnection connection = "on-initial-"
	resumedConnection connection = "on-resume-"
)

// parseSettings reads the flags of a test as far as they concern a connection.
// A flag that is not known, or has a value that is not, is unimplemented.
func parseSettings(args []string, c connection) (*settings, error) {
	s := newSettings()
	f := flag.NewFlagSet("", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	s.define(f)
	s.expect.define(f)
	defineIgnored(f)
	definePrefixed(f, c)
	if err := f.Parse(args); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnimplemented, err)
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("argument %q: %w", f.Arg(0), errUnimplemented)
	}
	return s, s.check()
}

// define adds the flags that say how to set up an association.
func (s *settings) define(f *flag.FlagSet) {
	f.IntVar(&s.port, "port", 0, "where the runner listens")
	f.Uint64Var(&s.shimID, "shim-id", 0, "what the runner knows the shim by")
	f.BoolVar(&s.ipv6, "ipv6", false, "the runner listens on ::1")
	f.BoolVar(&s.dtls, "dtls", false, "speak DTLS")
	f.BoolVar(&s.server, "server", false, "be the server")
	f.IntVar(&s.resumptions, "resume-count", 0, "how many connections follow the first")

	f.IntVar(&s.minVersion, "min-version", s.minVersion, "")
	f.IntVar(&s.maxVersion, "max-version", s.maxVersion, "")
	f.BoolFunc("no-tls1", "", s.disable(wire.VersionDTLS10))
	f.BoolFunc("no-tls12", "", s.disable(wire.VersionDTLS12))
	f.BoolFunc("no-tls13", "", s.disable(wire.VersionDTLS13))
	f.IntVar(&s.mtu, "mtu", s.mtu, "bytes of a datagram")
	f.IntVar(&s.timeout, "initial-timeout-duration-ms", s.timeout, "")
	f.IntVar(&s.maxMessage, "max-cert-list", s.maxMessage, "bytes of the largest handshake message")

	f.BoolFunc("new-x509-credential", "the flags that follow are about another credential", func(string) error {
		s.files = append(s.files, credentialFiles{})
		return nil
	})
	f.BoolFunc("new-rpk-credential", "likewise, about one that is a key without certificate", func(string) error {
		s.files = append(s.files, credentialFiles{raw: true})
		return nil
	})
	f.BoolFunc("new-delegated-credential", "likewise, about one whose key another vouches for", func(string) error {
		s.files = append(s.files, credentialFiles{delegated: true})
		return nil
	})
	f.Func("available-client-cert-types", "a type of certificate to offer", func(v string) error {
		return appendNumber(&s.certificateTypes, v)
	})
	f.Func("cert-file", "a chain, the leaf first", func(v string) error { s.credential().chain = v; return nil })
	f.Func("key-file", "the leaf's key", func(v string) error { s.credential().key = v; return nil })
	f.Func("signing-prefs", "a scheme to sign with", func(v string) error {
		return appendNumber(&s.credential().schemes, v)
	})
	f.Func("verify-prefs", "a scheme to accept", func(v string) error { return appendNumber(&s.schemes, v) })
	f.Func("curves", "a group to agree on keys in", func(v string) error { return appendNumber(&s.groups, v) })
	f.StringVar(&s.psk, "psk", "", "")
	f.StringVar(&s.pskIdentity, "psk-identity", "", "the hint as well")
	f.BoolVar(&s.noTickets, "no-ticket", false, "neither give nor take session tickets")
	f.StringVar(&s.serverName, "host-name", "", "the name to ask for")
	f.StringVar(&s.alpnOffer, "advertise-alpn", "", "")
	f.StringVar(&s.alpnSelect, "select-alpn", "", "")
	f.BoolVar(&s.alpnReject, "reject-alpn", false, "")
	f.Func("srtp-profiles", "", func(v string) (err error) { s.srtpProfiles, err = parseProfiles(v); return err })

	f.BoolVar(&s.requestsCertificate, "verify-peer", false, "ask the client for a certificate")
	f.BoolVar(&s.requiresCertificate, "require-any-client-certificate", false, "")
	f.BoolVar(&s.distrusts, "verify-fail", false, "")
	f.BoolVar(&s.distrustIsUnknown, "use-custom-verify-callback", false, "")
	f.BoolVar(&s.verifiesAgain, "reverify-on-resume", false, "")

	f.BoolVar(&s.updatesKeys, "key-update-before-read", false, "")

	f.IntVar(&s.exportLength, "export-keying-material", 0, "")
	f.StringVar(&s.exportLabel, "export-label", "", "")
	f.StringVar(&s.exportContext, "export-context", "", "")
	f.BoolVar(&s.exportHasContext, "use-export-context", false, "")
}

// define adds the flags that say what an association has to turn out to be.
func (x *expectations) define(f *flag.FlagSet) {
	f.BoolVar(&x.sessionMiss, "expect-session-miss", false, "")
	f.BoolVar(&x.ticketRenewal, "expect-ticket-renewal", false, "")
	f.BoolVar(&x.noSession, "expect-no-session", false, "")
	f.IntVar(&x.credential, "expect-selected-credential", x.credential, "")
	f.StringVar(&x.serverName, "expect-server-name", "", "")
	f.BoolVar(&x.retry, "expect-hrr", false, "")
	f.BoolVar(&x.noRetry, "expect-no-hrr", false, "")
	f.StringVar(&x.alpn, "expect-alpn", "", "")
	f.StringVar(&x.advertisedALPN, "expect-advertised-alpn", "", "")
}

// defineIgnored adds the flags that need no attention.
func defineIgnored(f *flag.FlagSet) {
	nothing := func(string) error { return nil }
	// The shim is no judge of roots: it believes every certificate, or none.
	f.Func("trust-cert", "", nothing)
	f.BoolFunc("expect-verify-result", "", nothing)
	// How BoringSSL's interface is used.
	f.BoolFunc("async", "", nothing)
	// What BoringSSL keeps in its cache of sessions.
	f.BoolFunc("expect-session-id", "", nothing)
	f.BoolFunc("expect-no-session-id", "", nothing)
	// A server that accepts no application protocol has nothing to decline.
	f.BoolFunc("decline-alpn", "", nothing)
	// Delegated credentials are passed over, or end the test as unimplemented.
	f.Func("delegated-credential", "", nothing)
	// Early data is never offered or taken.
	f.Func("expect-early-data-reason", "", nothing)
}

// definePrefixed adds every flag twice more: for the first connection only,
// and for those that resume. Those for c are heeded.
func definePrefixed(f *flag.FlagSet, c connection) {
	f.VisitAll(func(plain *flag.Flag) {
		for _, only := range []connection{initialConnection, resumedConnection} {
			value := plain.Value
			if only != c {
				value = unheeded{value}
			}
			f.Var(value, string(only)+plain.Name, plain.Usage)
		}
	})
}

// unheeded is a flag that is for another connection.
type unheeded struct{ flag.Value }

// Set does nothing.
func (unheeded) Set(string) error { return nil }

// IsBoolFlag reports whether the flag has no value.
func (u unheeded) IsBoolFlag() bool {
	b, ok := u.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

func (s *settings) disable(v wire.Version) func(string) error {
	return func(string) error {
		s.disabled = append(s.disabled, v)
		return nil
	}
}

// appendNumber appends a code point in decimal.
func appendNumber[T ~uint8 | ~uint16](list *[]T, value string) error {
	n, err := strconv.ParseUint(value, 10, bits.Len64(uint64(^T(0))))
	*list = append(*list, T(n))
	return err
}
