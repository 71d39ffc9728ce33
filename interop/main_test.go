package interop

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// run is what all tests of this package share. It is set up once, before the first test.
var run environment

// An environment holds the files and the results of one run.
type environment struct {
	workshop
	certificates Certificates
	table        Table
	subjectName  string
}

func TestMain(m *testing.M) {
	flag.StringVar(&run.subjectName, "subject", "dtlsd", "the implementation under test: dtlsd, library, openssl, gnutls, mbedtls, wolfssl or pion")
	flag.Parse()
	os.Exit(run.all(m))
}

// all makes the files, runs the tests and prints the table.
func (e *environment) all(m *testing.M) int {
	directory, err := os.MkdirTemp("", "dtlsd-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	e.directory = directory
	if e.certificates, err = MakeCertificates(directory); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	fmt.Printf("\nInteroperability of %s\n", e.subjectName)
	e.table.WriteTo(os.Stdout)
	return code
}

// subject returns the implementation under test.
func (e *environment) subject(t *testing.T) Implementation {
	t.Helper()
	all := map[string]Implementation{"dtlsd": dtlsd{}, "openssl": openSSL{}, "gnutls": gnuTLS{}, "mbedtls": mbedTLS{}, "wolfssl": wolfSSL{}, "pion": pionDTLS{}, "library": library{}}
	subject, known := all[e.subjectName]
	if !known {
		t.Fatalf("-subject %s is not known", e.subjectName)
	}
	if e.subjectName == "dtlsd" {
		if _, err := e.build(dtlsdProgram); err != nil {
			t.Fatal(err)
		}
	}
	return subject
}

// scenario returns what every row starts from.
func (e *environment) scenario(s Suite, a Authentication) *Scenario {
	return &Scenario{Suite: s, Authentication: a, Certificates: e.certificates, Identity: "interop", Key: "1a2b3c4d5e6f"}
}

// requirements are those of the peers that are driven through the matrix.
var requirements = map[string][]requirement{
	"OpenSSL":  needOpenSSL,
	"GnuTLS":   needGnuTLS,
	"Mbed TLS": needMbedTLS,
	"wolfSSL":  needWolfSSL,
}

// require ends the test if a package is missing on this machine: as failed, or, where DTLSD_INTEROP=skip-missing is
// set, as skipped.
func require(t *testing.T, requirements []requirement) {
	t.Helper()
	packages := missing(requirements)
	if len(packages) == 0 {
		return
	}
	text := "missing here; try: apt-get install --no-install-recommends " + strings.Join(packages, " ")
	skip := os.Getenv("DTLSD_INTEROP") == "skip-missing"
	run.table.Add(Result{Peer: t.Name(), Role: "-", Suite: "-", How: "-", Err: errors.New(text), Skipped: skip})
	if skip {
		t.Skip(text)
	}
	t.Fatal(text)
}
