package interop

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The programs of Qt's DTLS examples, in Debian's package qtbase5-examples.
const (
	qtClientProgram = "/usr/lib/*/qt5/examples/network/secureudpclient/secureudpclient"
	qtServerProgram = "/usr/lib/*/qt5/examples/network/secureudpserver/secureudpserver"
)

// A requirement is something that a test cannot do without, and the Debian package that has it.
type requirement struct {
	path   string // a program, or a pattern for an absolute path
	debian string
}

var (
	needOpenSSL = []requirement{{"openssl", "openssl"}}
	needGnuTLS  = []requirement{{"gnutls-cli", "gnutls-bin"}, {"gnutls-serv", "gnutls-bin"}, {"gcc", "gcc"}, {"/usr/include/stdlib.h", "libc6-dev"}}
	needMbedTLS = []requirement{{"gcc", "gcc"}, {"/usr/include/stdlib.h", "libc6-dev"}, {"/usr/include/mbedtls/ssl.h", "libmbedtls-dev"}}
	needWolfSSL = []requirement{{"gcc", "gcc"}, {"/usr/include/stdlib.h", "libc6-dev"}, {"/usr/include/wolfssl/ssl.h", "libwolfssl-dev"}}
	needLibcoap = []requirement{{"coap-client-openssl", "libcoap3-bin"}, {"coap-client-gnutls", "libcoap3-bin"}}
	needBrowser = []requirement{{"chromium", "chromium"}, {"tshark", "tshark"}, {"openssl", "openssl"}}
	needQt      = []requirement{{qtClientProgram, "qtbase5-examples"}, {qtServerProgram, "qtbase5-examples"}, {"Xvfb", "xvfb"}, {"xdotool", "xdotool"}, {"xclip", "xclip"}, {"ip", "iproute2"}}
)

// missing returns the packages of those requirements that this machine does not meet.
func missing(requirements []requirement) []string {
	var packages []string
	for _, r := range requirements {
		found := false
		if strings.HasPrefix(r.path, "/") {
			matches, err := filepath.Glob(r.path)
			found = err == nil && len(matches) > 0
		} else {
			_, err := exec.LookPath(r.path)
			found = err == nil
		}
		if !found && !slices.Contains(packages, r.debian) {
			packages = append(packages, r.debian)
		}
	}
	return packages
}

// MissingForBrowser returns the package of a program that tests in a browser need, if this machine does not have it.
func MissingForBrowser(program string) (debian string) {
	for _, r := range needBrowser {
		if r.path == program && len(missing([]requirement{r})) > 0 {
			return r.debian
		}
	}
	return ""
}
