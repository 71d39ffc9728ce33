package rig

import (
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/bench/plan"
)

func TestServersAreStartedWithTheSameChoices(t *testing.T) {
	r := &Rig{certificate: "c.pem", key: "k.pem"}
	for _, c := range []struct {
		server plan.Server
		want   string
	}{
		{
			plan.Server{Peer: "gnutls", Authentication: "cert", Groups: "X25519:P-256", Version: "1.2", Batch: 64},
			"-p 4444 -b 64 -a cert -G X25519:P-256 -c c.pem -k k.pem",
		},
		{
			plan.Server{Peer: "pion", Authentication: "psk", Groups: "P-256", Version: "1.3"},
			"-p 4444 -a psk -G P-256 -c c.pem -k k.pem -v 1.3",
		},
		{plan.Server{Peer: "udp-c", Batch: 64}, "-p 4444 -b 64"},
		{
			plan.Server{Peer: "dtlsd", Authentication: "cert", Groups: "X25519:P-256", Version: "1.2", Shards: 2},
			"serve --listen 127.0.0.1:4444 --reply echo --console off --datagrams off --log-level error --dtls 1.2 --groups X25519,P-256 " +
				"--ciphers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 --cert c.pem --key k.pem --shards 2",
		},
		{
			plan.Server{Peer: "dtlsd", Authentication: "psk", Groups: "P-256", Version: "1.3"},
			"serve --listen 127.0.0.1:4444 --reply echo --console off --datagrams off --log-level error --dtls 1.3 --groups P-256 " +
				"--ciphers TLS_AES_128_GCM_SHA256 --psk " + pskOption,
		},
	} {
		if got := strings.Join(r.serverArguments(c.server, 4444), " "); got != c.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", c.server, got, c.want)
		}
	}
}

func TestLoadMatchesTheServer(t *testing.T) {
	for _, c := range []struct {
		server plan.Server
		load   plan.Load
		want   string
	}{
		{
			plan.Server{Authentication: "cert", Groups: "X25519:P-256", Version: "1.2"},
			plan.Load{Scenario: "echo", Sessions: 64, Window: 16, Size: 1200, Duration: 1500 * time.Millisecond, Warmup: time.Second, Bursts: true},
			"bench echo 127.0.0.1:4444 --json --pid 7 --sessions 64 --window 16 --size 1200 --duration 1.5s --warmup 1s --bursts " +
				"--dtls 1.2 --groups X25519,P-256 --ciphers TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 --insecure",
		},
		{
			plan.Server{Authentication: "psk", Groups: "P-256", Version: "1.3"},
			plan.Load{Scenario: "handshake", Concurrency: 32, Count: 300, Resume: true},
			"bench handshake 127.0.0.1:4444 --json --pid 7 --concurrency 32 --count 300 --resume " +
				"--dtls 1.3 --groups P-256 --ciphers TLS_AES_128_GCM_SHA256 --psk " + pskOption,
		},
		{
			plan.Server{Peer: "udp-go"}, plan.Load{Scenario: "echo", Rate: 1000, Hold: time.Minute},
			"bench echo 127.0.0.1:4444 --json --pid 7 --rate 1000 --hold 1m0s --plain",
		},
		{
			plan.Server{Authentication: "ecdhepsk", Groups: "P-256", Version: "1.2"}, plan.Load{Scenario: "flood"},
			"bench flood 127.0.0.1:4444 --json --pid 7 --yes-i-own-this-server --dtls 1.2 --groups P-256 " +
				"--ciphers TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256 --psk " + pskOption,
		},
	} {
		if got := strings.Join(loadArguments(4444, 7, c.server, c.load), " "); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestEveryServerOfTheCatalogueCanBeBuiltAndHasASuite(t *testing.T) {
	for _, row := range plan.Rows() {
		for _, trial := range row.Trials {
			if trial.Bare != nil {
				continue
			}
			name := trial.Server.Peer
			if cPeers[name].sources == nil && goPeers[name] == "" && name != ourProgram {
				t.Errorf("%s: nothing builds %q", row.Name, name)
			}
			if !trial.Server.Plain() && suiteOf(trial.Server) == "" {
				t.Errorf("%s: no suite for %+v", row.Name, trial.Server)
			}
		}
	}
}

func TestBoundPortIsFoundInTheTable(t *testing.T) {
	const table = "  sl  local_address rem_address   st tx_queue\n" +
		"  12: 0100007F:115C 00000000:0000 07 00000000:00000000\n" +
		"  13: 0100007F:0035 00000000:115D 07 00000000:00000000\n"
	for port, want := range map[int]bool{0x115c: true, 0x115d: false, 53: true, 0: false} {
		if got := hasPort(table, port); got != want {
			t.Errorf("%#x: got %v", port, got)
		}
	}
}
