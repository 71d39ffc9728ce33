package gate

import (
	"net/netip"
	"testing"
)

func TestNetworks(t *testing.T) {
	for _, test := range []struct {
		networks Networks
		addr     string
		want     string
	}{
		{Networks{}, "192.0.2.77", "192.0.2.0/24"},
		{Networks{}, "::ffff:192.0.2.77", "192.0.2.0/24"},
		{Networks{}, "2001:db8:1:2ff::1", "2001:db8:1:200::/56"},
		{Networks{}, "fe80::1%eth0", "fe80::/56"},
		{Networks{Bits4: 16, Bits6: 48}, "192.0.2.77", "192.0.0.0/16"},
		{Networks{Bits4: 16, Bits6: 48}, "2001:db8:1:2ff::1", "2001:db8:1::/48"},
		{Networks{Bits4: 32, Bits6: 128}, "192.0.2.77", "192.0.2.77/32"},
	} {
		if got := test.networks.Of(netip.MustParseAddr(test.addr)); got != netip.MustParsePrefix(test.want) {
			t.Errorf("%v: %s is of %v, want %s", test.networks, test.addr, got, test.want)
		}
	}
	if got := (Networks{}).Of(netip.Addr{}); got.IsValid() {
		t.Errorf("no address is of %v", got)
	}
}
