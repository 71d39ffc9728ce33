package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net/netip"
	"time"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A cookie of DTLS 1.2 is the second in which it was made, 32 bits of Unix time, and the first bytes of an
// HMAC-SHA-256. It has 32 bytes, and not the 255 that RFC 6347, Section 4.2.1 allows, because some
// clients refuse longer ones.
const (
	cookieTimeLen = 4
	cookieMACLen  = 28
	cookieLen     = cookieTimeLen + cookieMACLen
)

// cookieSkew is by how many seconds a cookie may come from the future: two shards read the clock at
// slightly different times.
const cookieSkew = 5

// maxText is how much of what a cookie authenticates is put together first. Nearly all hellos fit.
const maxText = 1024

// A baker makes and checks cookies. It is owned by one goroutine.
type baker struct {
	secrets *Secrets

	keys              *keyPair // those of the two MACs
	current, previous hash.Hash

	text []byte // scratch: what is authenticated
	sum  []byte // scratch: the MAC
}

func newBaker(s *Secrets) baker {
	b := baker{
		secrets: s,
		text:    make([]byte, 0, maxText),
		sum:     make([]byte, 0, sha256.Size),
	}
	b.use(s.keys.Load())
	return b
}

// use makes the MACs of these keys.
func (b *baker) use(keys *keyPair) {
	b.keys = keys
	b.current = hmac.New(sha256.New, keys.current[:])
	b.previous = hmac.New(sha256.New, keys.previous[:])
}

// bake returns a new cookie for a hello from peer. It is a view that the next call overwrites.
func (b *baker) bake(now time.Time, peer netip.AddrPort, hello *wire.ClientHello) []byte {
	b.follow(now)
	return b.cookie(uint32(now.Unix()), peer, hello)
}

// good reports whether the cookie in a hello from peer was made for that hello and peer, and lately.
func (b *baker) good(now time.Time, peer netip.AddrPort, hello *wire.ClientHello) bool {
	if len(hello.Cookie) != cookieLen {
		return false
	}
	made := binary.BigEndian.Uint32(hello.Cookie)
	if !b.fresh(now, made) {
		return false
	}
	b.follow(now)
	return hmac.Equal(hello.Cookie, b.cookie(made, peer, hello))
}

// fresh reports whether a cookie that was made in that second has not expired.
func (b *baker) fresh(now time.Time, second uint32) bool {
	age := now.Unix() - int64(second)
	return -cookieSkew <= age && age <= b.secrets.lifetime
}

// follow takes over the keys of this time if they are others than before, which allocates.
func (b *baker) follow(now time.Time) {
	if keys := b.secrets.at(now.Unix()); keys != b.keys {
		b.use(keys)
	}
}

// cookie returns the cookie of DTLS 1.2 that was or is made in that second.
func (b *baker) cookie(second uint32, peer netip.AddrPort, hello *wire.ClientHello) []byte {
	b.authenticate(of12, second, peer, hello, nil)

	// The time goes in front; the MAC moves behind it, and its end is cut off.
	copy(b.sum[cookieTimeLen:cookieLen], b.sum)
	binary.BigEndian.PutUint32(b.sum, second)
	return b.sum[:cookieLen]
}

// The versions whose cookies there are. A MAC covers which one it belongs to, since the same keys make
// those of both.
const (
	of12 byte = 12
	of13 byte = 13
)

// authenticate computes into b.sum the MAC of a cookie with that content, for a hello from peer.
func (b *baker) authenticate(version byte, second uint32, peer netip.AddrPort, hello *wire.ClientHello, content []byte) {
	mac := b.current
	if b.secrets.isPrevious(b.keys, int64(second)) {
		mac = b.previous
	}
	mac.Reset()
	b.text = appendHeader(append(b.text[:0], version), second, peer, hello)
	for _, field := range [...][]byte{hello.SessionID, hello.CipherSuites, hello.CompressionMethods, content} {
		// One call is quicker than several; what is long has one of its own.
		if len(b.text)+len(field) > cap(b.text) {
			mac.Write(b.text)
			mac.Write(field)
			b.text = b.text[:0]
			continue
		}
		b.text = append(b.text, field...)
	}
	mac.Write(b.text)
	b.sum = mac.Sum(b.sum[:0])
}

// appendHeader appends all that a cookie authenticates but for three fields of the hello and its own content;
// of the fields it appends the lengths, so that no byte can pass from one to the next.
//
// RFC 6347, Section 4.2.1 has the cookie cover the parameters of the hello. The extensions are left out:
// the second hello of OpenSSL has a padding extension that its first had not.
func appendHeader(b []byte, second uint32, peer netip.AddrPort, hello *wire.ClientHello) []byte {
	address, zone := peer.Addr().As16(), peer.Addr().Zone()
	b = binary.BigEndian.AppendUint32(b, second)
	b = append(b, address[:]...)
	b = binary.BigEndian.AppendUint16(b, peer.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(hello.Version))
	b = append(b, hello.Random[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(hello.SessionID)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(hello.CipherSuites)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(hello.CompressionMethods)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(zone)))
	return append(b, zone...)
}
