package daemon

import (
	"crypto/tls"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

// splitNames splits a list as people write them: with commas, colons or
// spaces.
func splitNames(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(",: ", r) })
}

// parseCiphers reads a list of cipher suites, the preferred one first, by the
// names of IANA or OpenSSL. An empty list leaves the choice to the library.
func parseCiphers(list string) ([]uint16, error) {
	var ids []uint16
	for _, name := range splitNames(list) {
		suite, err := dtls.CipherSuiteByName(name)
		if err != nil {
			return nil, usageFault("possible are "+cipherNames(), "unknown cipher suite %q", name)
		}
		ids = append(ids, suite.ID)
	}
	if list != "" && len(ids) == 0 {
		return nil, usageFault("possible are "+cipherNames(), "--ciphers: there is no name in %q", list)
	}
	return ids, nil
}

func cipherNames() string {
	var names []string
	for _, suite := range dtls.CipherSuites() {
		names = append(names, suite.OpenSSLName)
	}
	return strings.Join(names, ", ")
}

const hintGroups = "possible are X25519MLKEM768, X25519, P-256 and P-384"

// parseGroups reads a list of groups for key agreement, the preferred one
// first. An empty list leaves the choice to the library.
func parseGroups(list string) ([]tls.CurveID, error) {
	var groups []tls.CurveID
	for _, name := range splitNames(list) {
		group, ok := groupByName(name)
		if !ok {
			return nil, usageFault(hintGroups, "unknown group %q", name)
		}
		groups = append(groups, group)
	}
	if list != "" && len(groups) == 0 {
		return nil, usageFault(hintGroups, "--groups: there is no name in %q", list)
	}
	return groups, nil
}

// groupName is what groups are called in what people see.
func groupName(g tls.CurveID) string {
	switch g {
	case tls.CurveP256:
		return "P-256"
	case tls.CurveP384:
		return "P-384"
	}
	return g.String()
}

// groupByName knows the names of NIST, of the TLS registry and of OpenSSL.
func groupByName(name string) (tls.CurveID, bool) {
	switch strings.ToLower(name) {
	case "x25519mlkem768":
		return tls.X25519MLKEM768, true
	case "x25519":
		return tls.X25519, true
	case "p-256", "p256", "secp256r1", "prime256v1":
		return tls.CurveP256, true
	case "p-384", "p384", "secp384r1":
		return tls.CurveP384, true
	}
	return 0, false
}
