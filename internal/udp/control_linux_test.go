package udp

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestControlMessageRoundTrip(t *testing.T) {
	for _, want := range []string{"192.0.2.1", "2001:db8::1"} {
		var c controlOut
		n := c.put(netip.MustParseAddr(want), 1200)
		if got, segment := parseControl(c[:n]); got.String() != want || segment != 0 {
			t.Errorf("parseControl(put(%s)) = %v, %d", want, got, segment)
		}
	}
	var c controlOut
	if n := c.put(netip.Addr{}, 0); n != 0 {
		t.Errorf("nothing to say takes %d bytes", n)
	}
}

func TestControlMessagesOfBothFamiliesAndATrain(t *testing.T) {
	if local, segment := parseControl(controlOfTrain("192.0.2.7", 101)); local.String() != "192.0.2.7" || segment != 101 {
		t.Errorf("parseControl = %v, %d", local, segment)
	}
}

// controlOfTrain is what comes with a train on a socket of both families.
func controlOfTrain(local string, segment byte) []byte {
	addr := netip.MustParseAddr(local)
	var c, mapped, gro controlOut
	n := 0
	copy(gro.begin(&n, groLen, unix.IPPROTO_UDP, unix.UDP_GRO), []byte{segment, 0, 0, 0})
	all := append([]byte(nil), c[:c.put(addr, 0)]...)
	if addr.Is4() {
		at := 0
		ip := addr.As16()
		copy(mapped.begin(&at, info6Len, unix.IPPROTO_IPV6, unix.IPV6_PKTINFO), ip[:])
		all = append(all, mapped[:at]...)
	}
	return append(all, gro[:n]...)
}

func FuzzControl(f *testing.F) {
	for _, addr := range []string{"192.0.2.1", "2001:db8::1", "ff02::1"} {
		var c controlOut
		f.Add(append([]byte(nil), c[:c.put(netip.MustParseAddr(addr), 0)]...))
		f.Add(controlOfTrain(addr, 64))
	}
	f.Fuzz(func(t *testing.T, control []byte) {
		// Whatever the kernel says: no panic, and the answer is of use.
		local, segment := parseControl(control)
		if local.Is4In6() || local.Is6() && local.IsMulticast() || segment < 0 {
			t.Errorf("parseControl(%x) = %v, %d", control, local, segment)
		}
	})
}
