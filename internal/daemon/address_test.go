package daemon

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	tests := []struct{ address, want, refusal string }{
		{"127.0.0.1:22334", "127.0.0.1:22334", ""},
		{"[::1]:0", "[::1]:0", ""},
		{":5684", ":5684", ""},
		{"127.0.0.1:65535", "127.0.0.1:65535", ""},
		{"127.0.0.1:65536", "", "port 65536 does not exist"},
		{"127.0.0.1:99999", "", "port 99999 does not exist"},
		{"127.0.0.1:-1", "", `"-1" is not the number of a port`},
		{"127.0.0.1:http", "", `"http" is not the number of a port`},
		{"127.0.0.1:", "", `"" is not the number of a port`},
		{"127.0.0.1", "", "not an address with a port"},
		{"::1:22334", "", "not an address with a port"},
		{"22334", "", "not an address with a port"},
		{"", "", "not an address with a port"},
	}
	for _, tt := range tests {
		got, err := parseAddress(tt.address)
		switch {
		case tt.refusal != "" && (err == nil || !strings.Contains(err.Error(), tt.refusal) || hintOf(err) == ""):
			t.Errorf("%q: got %v, want %q and a hint", tt.address, err, tt.refusal)
		case tt.refusal == "" && (err != nil || got.String() != tt.want):
			t.Errorf("%q: got %v, %v", tt.address, got, err)
		}
	}
}
