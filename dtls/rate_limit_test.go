package dtls

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/gate"
)

func TestRateLimit(t *testing.T) {
	l := newRateLimit(10, 2, gate.Networks{})
	now := virtualStart
	for _, step := range []struct {
		after time.Duration
		addr  string
		want  bool
	}{
		{0, "192.0.2.1", true},
		{0, "192.0.2.200", true},
		{0, "192.0.2.3", false},   // the same /24
		{0, "192.0.3.1", true},    // another
		{0, "127.0.0.1", true},    // loopback is exempt
		{0, "2001:db8::1", true},  //
		{0, "2001:db8::2", true},  //
		{0, "2001:db8::3", false}, // the same /56
		{0, "2001:db8:1::", true}, // another
		{99 * time.Millisecond, "192.0.2.4", false},
		{time.Millisecond, "192.0.2.4", true},
		{0, "192.0.2.4", false},
		{time.Hour, "192.0.2.4", true},
		{0, "192.0.2.4", true},
		{0, "192.0.2.4", false}, // no more than a burst, after whatever time
		{0, "fe80::1%eth0", true},
	} {
		now = now.Add(step.after)
		if got := l.allow(now, netip.MustParseAddr(step.addr)); got != step.want {
			t.Errorf("%v at %v: %v", step.addr, now.Sub(virtualStart), got)
		}
	}
	if !newRateLimit(-1, 0, gate.Networks{}).allow(now, netip.MustParseAddr("192.0.2.1")) {
		t.Error("a negative rate limits")
	}
}

func TestRateLimitForgetsNetworksThatAreFull(t *testing.T) {
	l := newRateLimit(1, 10, gate.Networks{})
	now := virtualStart
	for i := range 20 * minBuckets {
		now = now.Add(10 * time.Millisecond)
		l.allow(now, netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}))
	}
	// Each bucket is full again after a second, that is 100 networks later.
	if got := len(l.buckets); got > minBuckets {
		t.Errorf("%d buckets", got)
	}
}

func TestRateLimitHasBoundedMemory(t *testing.T) {
	l := newRateLimit(1, 1, gate.Networks{})
	now, began := virtualStart, time.Now()
	const networks = 1_000_000
	for i := range networks {
		now = now.Add(time.Microsecond)
		var a [16]byte
		a[0], a[1] = 0x20, 0x01
		binary.BigEndian.PutUint32(a[3:], uint32(i))
		l.allow(now, netip.AddrFrom16(a))
		if len(l.buckets) > maxBuckets+1 {
			t.Fatalf("%d buckets", len(l.buckets))
		}
	}
	if each := time.Since(began) / networks; each > 20*time.Microsecond {
		t.Errorf("%v for each of %d networks", each, networks)
	}
	// Those beyond the most are held to the rate of one.
	if l.allow(now, netip.MustParseAddr("203.0.113.1")) {
		t.Error("a network without a bucket of its own is not limited")
	}
	if !l.allow(now.Add(2*time.Second), netip.MustParseAddr("203.0.113.1")) {
		t.Error("a network is refused when there is room for it again")
	}
}
