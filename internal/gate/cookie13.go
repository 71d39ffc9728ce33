package gate

import (
	"crypto/hmac"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A cookie of DTLS 1.3 holds what the handshake has to know of the first hello and of its answer, which
// nobody keeps:
//
//	4 bytes    the second in which it was made, Unix time
//	1 byte     the suite: the last byte of its code point
//	1 byte     the group, by its place in groups; the first bit says that a share of it was asked for
//	n bytes    the hash of the first hello
//	16 bytes   the first bytes of an HMAC-SHA-256
//
// It is short because the answer may not be longer than the hello, and small clients have short ones.
const (
	cookie13HeadLen = cookieTimeLen + 2
	cookie13MACLen  = 16
	maxHelloHash    = 48
	maxCookie13     = cookie13HeadLen + maxHelloHash + cookie13MACLen

	shareAsked = 0x80
)

// groups are those that a key can be agreed on in, behind the 0 of a handshake that does without.
var groups = append([]wire.Group{0}, suite.DefaultGroups13()...)

// suites13 is the first byte of the code point of every suite of DTLS 1.3: RFC 8446, Appendix B.4.
const suites13 = 0x1300

// bake13 appends to dst a cookie for a hello from peer that holds r, whose own Cookie does not matter.
func (b *baker) bake13(dst []byte, now time.Time, peer netip.AddrPort, hello *wire.ClientHello, r *Retry) []byte {
	b.follow(now)
	second, start := uint32(now.Unix()), len(dst)
	group := byte(slices.Index(groups, r.Group))
	if r.Share {
		group |= shareAsked
	}
	dst = binary.BigEndian.AppendUint32(dst, second)
	dst = append(dst, byte(r.Suite.ID), group)
	dst = append(dst, r.HelloHash...)
	b.authenticate(of13, second, peer, hello, dst[start:])
	return append(dst, b.sum[:cookie13MACLen]...)
}

// open13 reads into r the cookie of a hello from peer, and reports whether it was made for that hello and
// peer, and lately. The slices of r are views into the cookie.
func (b *baker) open13(now time.Time, peer netip.AddrPort, hello *wire.ClientHello, cookie []byte, r *Retry) bool {
	if len(cookie) < cookie13HeadLen+cookie13MACLen || len(cookie) > maxCookie13 {
		return false
	}
	b.follow(now)
	second := binary.BigEndian.Uint32(cookie)
	if !b.fresh(now, second) {
		return false
	}
	content, sum := cookie[:len(cookie)-cookie13MACLen], cookie[len(cookie)-cookie13MACLen:]
	b.authenticate(of13, second, peer, hello, content)
	if !hmac.Equal(sum, b.sum[:cookie13MACLen]) {
		return false
	}
	// What we have authenticated, we have written.
	*r = Retry{
		Suite:     suite.Lookup13(suites13 | wire.CipherSuite(cookie[cookieTimeLen])),
		Group:     groups[cookie[cookieTimeLen+1]&^shareAsked],
		Share:     cookie[cookieTimeLen+1]&shareAsked != 0,
		HelloHash: content[cookie13HeadLen:],
		Cookie:    cookie,
	}
	return true
}
