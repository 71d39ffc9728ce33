package daemon

import (
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A reworded error says the same in the words of whoever uses dtlsd, who
// knows no Go.
type reworded struct {
	error
	text string
}

func (e reworded) Error() string { return e.text }
func (e reworded) Unwrap() error { return e.error }

// flagNames are the flags that fill the fields of a [dtls.Config].
var flagNames = strings.NewReplacer(
	"CipherSuites", "--ciphers",
	"CurvePreferences", "--groups",
	"a version between MinVersion and MaxVersion", "the version in --dtls",
	"PSKIdentityHint", "--psk-hint",
	"NextProtos", "--alpn",
	"MTU", "--mtu",
	"HandshakeTimeout", "--timeout",
	"InsecureSkipVerify", "--insecure",
	"ServerName", "--server-name",
	"ClientCAs", "--client-ca",
	"ConnectionIDLength", "--cid",
	"NetworkIPv4", "--network-ipv4",
	"NetworkIPv6", "--network-ipv6",
)

// configFault is what the library has against settings.
func configFault(err error) error {
	text, hint := flagNames.Replace(withoutPrefix{err}.Error()), ""
	switch {
	case strings.Contains(text, "the version in --dtls"):
		hint = "each cipher suite is of one version: add one of that version to --ciphers, or the other version to --dtls"
	case strings.Contains(text, "none of --groups"):
		hint = "X25519MLKEM768 needs DTLS 1.3: add X25519, P-256 or P-384 to --groups, or 1.3 to --dtls"
	}
	return &Fault{Err: reworded{err, text}, Hint: hint, Usage: true}
}

// goType finds the type of a field in the complaint of the TOML decoder.
var goType = regexp.MustCompile(`^cannot decode TOML .* of type (\S+)$`)

// wantedTypes says how to write values of the fields of [ServeSettings].
var wantedTypes = map[string]string{
	"[]string": `a list of texts: ["..."]`,
	"string":   `a text: "..."`,
	"int":      "a whole number",
	"bool":     "true or false",
}

// mistyped says of a value in a TOML file what it has to be.
func mistyped(e *toml.DecodeError) string {
	text := strings.TrimPrefix(e.Error(), "toml: ")
	match := goType.FindStringSubmatch(text)
	if match == nil || wantedTypes[match[1]] == "" {
		return text
	}
	return strings.Join(e.Key(), ".") + " has to be " + wantedTypes[match[1]]
}
