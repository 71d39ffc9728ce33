package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestKeyLog lets both ends log their secrets. They must log the same.
func TestKeyLog(t *testing.T) {
	for _, peer := range []Implementation{openSSL{}, gnuTLS{}} {
		for _, role := range []Role{Client, Server} {
			for _, suite := range []Suite{0x00a8, 0xc030} {
				scenario := run.scenario(suite, suite.authentications()[0])
				how := scenario.Authentication.String() + ", key log"
				scenario.KeyLog = filepath.Join(t.TempDir(), fmt.Sprintf("%v-%x", role, uint16(suite)))
				row(t, peer, role, scenario, how, func(server, client Implementation) error {
					return converse(scenario, server, client, func(Listener, End) error { return wantSameSecrets(scenario) })
				})
			}
		}
	}
}

// keyLogLine is the label, the client's random and the master secret: 48 bytes.
var keyLogLine = regexp.MustCompile(`(?m)^client_random [0-9a-f]{64} [0-9a-f]{96}$`)

// wantSameSecrets compares what the two ends logged, without the programs' comments.
func wantSameSecrets(s *Scenario) error {
	var lines [2]string
	for _, role := range []Role{Client, Server} {
		text, err := os.ReadFile(s.keyLogOf(role))
		if err != nil {
			return err
		}
		lines[role] = strings.Join(keyLogLine.FindAllString(strings.ToLower(string(text)), -1), "\n")
	}
	if lines[Client] == "" || lines[Client] != lines[Server] {
		return fmt.Errorf("the client logged %q and the server %q", lines[Client], lines[Server])
	}
	return nil
}
