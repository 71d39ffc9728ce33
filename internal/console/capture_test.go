package console

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket/pcapgo"

	"github.com/dtlsd/dtlsd/dtls"
)

// capturedSession is one session, from hello to goodbye, as it was on the
// network and as it can be downloaded.
func capturedSession(t *testing.T, change func(*dtls.Server), client *dtls.Config, text string) (onNetwork []datagram, file []byte) {
	var b bytes.Buffer
	inWorld(t, change, func(w *world) {
		w.network.lose(func(d datagram) bool {
			onNetwork = append(onNetwork, d)
			return false
		})
		c := w.dial(client)
		w.echo(c, text)
		c.Close()
		synctest.Wait()
		if err := w.captures.write(&b, 1); err != nil {
			t.Fatal(err)
		}
	})
	return onNetwork[2:], b.Bytes() // before the cookie there is no session
}

func TestCaptureHasThePacketsOfTheSessionAndItsSecrets(t *testing.T) {
	onNetwork, file := capturedSession(t, nil, clientConfig(), "hello")
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range onNetwork {
		b, info, err := r.ReadPacketData()
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		from, to, payload := untag(t, b)
		if from != want.from || to != want.to || !bytes.Equal(payload, want.payload) || info.Timestamp.Year() != 2000 {
			t.Errorf("packet %d is from %v to %v at %v: %x\nwant from %v to %v: %x", i, from, to, info.Timestamp, payload, want.from, want.to, want.payload)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("there is more: %v", err)
	}
	random := onNetwork[0].payload[13+12+2:][:32]
	if want := fmt.Appendf(nil, "CLIENT_RANDOM %x ", random); bytes.Count(file, want) != 1 {
		t.Errorf("%q is not in the file once", want)
	}
}

// untag takes the tags off a packet.
func untag(t *testing.T, b []byte) (from, to netip.AddrPort, payload []byte) {
	t.Helper()
	value := map[uint16][]byte{}
	for {
		tag, n := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		value[tag], b = b[4:4+n], b[4+n:]
		if tag == tagEnd {
			break
		}
	}
	address := func(v4, v6, port uint16) netip.AddrPort {
		addr, ok := netip.AddrFromSlice(append(value[v4], value[v6]...))
		if !ok {
			t.Fatalf("no address in %v", value)
		}
		return netip.AddrPortFrom(addr, uint16(binary.BigEndian.Uint32(value[port])))
	}
	return address(tagIPv4From, tagIPv6From, tagPortFrom), address(tagIPv4To, tagIPv6To, tagPortTo), b
}

func TestCaptureNamesAddressesOfBothVersions(t *testing.T) {
	for _, pair := range [][2]string{
		{"192.0.2.1:5684", "198.51.100.7:9"},
		{"[2001:db8::1]:5684", "[2001:db8::2]:9"},
		{"[::]:5684", "[::ffff:198.51.100.7]:9"},
	} {
		a, b := netip.MustParseAddrPort(pair[0]), netip.MustParseAddrPort(pair[1])
		from, to, rest := untag(t, appendTags(nil, a, b))
		if from.Port() != a.Port() || from.Addr() != a.Addr() || to.Addr().Unmap() != b.Addr().Unmap() || len(rest) != 0 {
			t.Errorf("%v to %v became %v to %v", a, b, from, to)
		}
	}
}

func TestNothingIsCapturedUnlessAsked(t *testing.T) {
	var none *captures
	none.packet(helloPacket(1))
	none.secret(dtls.Secret{Session: 1})
	none.closed(1)
	if err := none.write(io.Discard, 1); !errors.Is(err, errNoCapture) {
		t.Errorf("got %v", err)
	}
	if err := newCaptures().write(io.Discard, 1); !errors.Is(err, errNoCapture) {
		t.Errorf("got %v", err)
	}
}

// helloPacket returns the first packet of a session.
func helloPacket(session uint64) dtls.Packet {
	return dtls.Packet{Time: time.Unix(1, 0), Session: session, Peer: clientPeer, Local: serverPeer, Payload: hello(0xfefd, 0, nil)}
}

// The beginning of a session is kept whatever follows, and of that the newest.
func TestCaptureKeepsTheBeginningAndTheNewest(t *testing.T) {
	c := newCaptures()
	c.packet(helloPacket(1))
	const packets = 2000
	for i := range uint32(packets) {
		c.packet(dtls.Packet{Time: time.Unix(1, 0), Session: 1, Payload: binary.BigEndian.AppendUint32(make([]byte, 1000), i)})
	}
	s, _ := c.snapshot(1)
	if size := len(s.head) + len(s.older) + len(s.newer); size > captureHead+captureTail || size < captureHead+captureTail/2 {
		t.Errorf("%d bytes are kept", size)
	}
	p, rest := nextPacket(s.head)
	if !bytes.Equal(p.payload, helloPacket(1).Payload) {
		t.Errorf("the first packet is %x", p.payload)
	}
	last := uint32(0)
	for _, part := range [][]byte{rest, s.older, s.newer} {
		for len(part) > 0 {
			p, part = nextPacket(part)
			if n := binary.BigEndian.Uint32(p.payload[1000:]); n < last {
				t.Fatalf("packet %d comes after %d", n, last)
			} else {
				last = n
			}
		}
	}
	if last != packets-1 || !s.gap {
		t.Errorf("the newest packet is %d, gap %v", last, s.gap)
	}
}

func TestCapturesAreBounded(t *testing.T) {
	c := newCaptures()
	large := make([]byte, 1200)
	for session := range uint64(2 * captureSessions) {
		c.packet(helloPacket(session))
		for range session % 200 {
			c.packet(dtls.Packet{Time: time.Unix(1, 0), Session: session, Payload: large})
		}
		for range 10 {
			c.secret(dtls.Secret{Session: session, Line: large})
		}
	}
	held := 0
	for _, s := range c.of {
		held += s.size()
	}
	if held != c.total || held > captureTotal || len(c.of) > captureSessions || c.living.Len()+c.over.Len()+c.unkeyed.Len() != len(c.of) {
		t.Errorf("%d bytes of %d sessions, counted %d bytes", held, len(c.of), c.total)
	}
}

func TestSessionsThatAreOverAreForgottenFirst(t *testing.T) {
	c := newCaptures()
	for session := range uint64(captureSessions) {
		c.packet(helloPacket(session))
	}
	c.closed(7)
	c.closed(3)
	c.packet(helloPacket(captureSessions))
	c.packet(helloPacket(captureSessions + 1))
	c.packet(helloPacket(captureSessions + 2))
	for session, want := range map[uint64]bool{7: false, 3: false, 0: false, 1: true, captureSessions: true} {
		if _, ok := c.snapshot(session); ok != want {
			t.Errorf("session %d is kept: %v", session, ok)
		}
	}
	c.packet(dtls.Packet{Session: 7, Payload: []byte("from the middle")})
	if _, ok := c.snapshot(7); ok {
		t.Error("a session is recorded without its beginning")
	}
}

// Whoever can begin a handshake, and no more, displaces no session that came about.
func TestSessionsWithoutSecretsAreForgottenBeforeOthers(t *testing.T) {
	c := newCaptures()
	c.packet(helloPacket(0))
	c.secret(dtls.Secret{Session: 0, Line: []byte("CLIENT_RANDOM\n")})
	for session := range uint64(3 * captureSessions) {
		c.packet(helloPacket(session + 1))
	}
	if _, ok := c.snapshot(0); !ok {
		t.Error("the session with a secret is gone")
	}
	if _, ok := c.snapshot(1); ok {
		t.Error("the oldest session without one is there")
	}
}

// Wireshark decrypts what is downloaded, without being told anything, whatever
// it takes the port for.
func TestWiresharkDecryptsCaptures(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	a := newAuthority(t)
	withCertificate := func(s *dtls.Server) {
		s.Config.PSK, s.Config.Certificates = nil, []tls.Certificate{a.issue(t, "server.example")}
	}
	trusting := &dtls.Config{RootCAs: a.pool, ServerName: "server.example"}
	for _, test := range []struct {
		suite, port string
		change      func(*dtls.Server)
		client      *dtls.Config
	}{
		{"PSK-AES128-GCM-SHA256", "192.0.2.1:22334", nil, clientConfig()},
		{"PSK-AES128-GCM-SHA256", "192.0.2.1:5683", nil, clientConfig()}, // of CoAP in plaintext
		{"PSK-AES128-GCM-SHA256", "192.0.2.1:53", nil, clientConfig()},
		{"PSK-AES128-CCM8", "192.0.2.1:22334", nil, clientConfig()},
		{"ECDHE-ECDSA-AES128-GCM-SHA256", "[2001:db8::1]:22334", withCertificate, trusting},
	} {
		t.Run(test.suite+" at "+test.port, func(t *testing.T) {
			const text = "to be read by Wireshark"
			_, file := capturedSession(t, func(s *dtls.Server) {
				if test.change != nil {
					test.change(s)
				}
				id, err := dtls.CipherSuiteByName(test.suite)
				if err != nil {
					t.Fatal(err)
				}
				s.Config.CipherSuites = []uint16{id.ID}
				record := s.Config.Observer.Packet
				s.Config.Observer.Packet = func(p dtls.Packet) {
					p.Local = netip.MustParseAddrPort(test.port)
					record(p)
				}
			}, test.client, text)
			name := filepath.Join(t.TempDir(), "session.pcapng")
			if err := os.WriteFile(name, file, 0o600); err != nil {
				t.Fatal(err)
			}
			read := exec.Command(tshark, "-r", name, "-T", "fields", "-e", "data.data")
			read.Env = append(os.Environ(), "HOME="+t.TempDir()) // nobody's settings
			out, err := read.Output()
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(out), hex.EncodeToString([]byte(text))); n != 2 {
				t.Errorf("decrypted %d of 2 datagrams: %q", n, out)
			}
		})
	}
}

func BenchmarkCapturedPacket(b *testing.B) {
	c := newCaptures()
	c.packet(helloPacket(1))
	p := dtls.Packet{Time: time.Unix(1, 0), Session: 1, Peer: clientPeer, Local: serverPeer, Payload: make([]byte, 100)}
	b.ReportAllocs()
	for b.Loop() {
		c.packet(p)
	}
}
