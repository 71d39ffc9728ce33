package webrtc

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"github.com/dtlsd/dtlsd/internal/wire"
)

// A recording is the ClientHello of a client, if the peer is one.
type recording struct {
	mu        sync.Mutex
	datagrams []int  // their lengths
	message   []byte // the body of the ClientHello
	missing   int    // bytes of it
}

// add takes a datagram of the peer, as long as its ClientHello is not complete.
func (r *recording) add(datagram []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.message != nil && r.missing <= 0 {
		return
	}
	r.datagrams = append(r.datagrams, len(datagram))
	for len(datagram) > 0 {
		record, rest, err := wire.ParseRecord(datagram)
		if err != nil || record.Type != wire.ContentHandshake {
			return
		}
		r.addFragment(record.Payload)
		datagram = rest
	}
}

func (r *recording) addFragment(payload []byte) {
	f, _, err := wire.ParseFragment(payload)
	if err != nil || f.Type != wire.TypeClientHello {
		return
	}
	if r.message == nil {
		r.message = make([]byte, f.Length)
		r.missing = len(r.message)
	}
	if int(f.Length) != len(r.message) {
		return
	}
	copy(r.message[f.Offset:], f.Body)
	r.missing -= len(f.Body)
}

// String describes the hello.
func (r *recording) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	hello, err := wire.ParseClientHello(r.message)
	if err != nil {
		return fmt.Sprintf("a ClientHello of %d bytes: %v", len(r.message), err)
	}
	e, err := wire.ParseClientExtensions13(hello.Extensions)
	if err != nil {
		return fmt.Sprintf("a ClientHello of %d bytes: %v", len(r.message), err)
	}
	var shares []string
	for share := range e.KeyShares.All() {
		shares = append(shares, fmt.Sprintf("%v (%d bytes)", share.Group, len(share.KeyExchange)))
	}
	lines := []string{
		fmt.Sprintf("a ClientHello of %d bytes in datagrams of %v", len(r.message), r.datagrams),
		"versions: " + names[wire.Version](e.SupportedVersions),
		"suites: " + names[wire.CipherSuite](hello.CipherSuites),
		"groups: " + names[wire.Group](e.SupportedGroups),
		"key shares: " + strings.Join(shares, ", "),
		"signatures: " + names[wire.SignatureScheme](e.SignatureAlgorithms),
		"extensions: " + strings.Join(extensions(hello.Extensions), ", "),
	}
	if e.SRTP != nil {
		lines = append(lines, fmt.Sprintf("SRTP: % x", []byte(e.SRTP.Profiles)))
	}
	return strings.Join(lines, "\n")
}

// names lists numbers of a registry.
func names[T ~uint16](list wire.Uint16List) string {
	var all []string
	for n := range list.Len() {
		all = append(all, fmt.Sprint(T(list.At(n))))
	}
	return strings.Join(all, ", ")
}

// extensions lists those of a hello that was parsed before.
func extensions(raw []byte) []string {
	var all []string
	for len(raw) >= 4 {
		id, length := wire.Extension(binary.BigEndian.Uint16(raw)), int(binary.BigEndian.Uint16(raw[2:]))
		all = append(all, fmt.Sprintf("%v (%d)", id, length))
		raw = raw[4+length:]
	}
	return all
}
