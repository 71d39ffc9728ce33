package wire

import (
	"bytes"
	"testing"
)

// helloBytes is a ClientHello with something in every field.
func helloBytes(t testing.TB) []byte { return unhex(t, samples[0].body) }

func TestParseClientHelloFillsEveryField(t *testing.T) {
	m, err := ParseClientHello(helloBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != VersionDTLS12 {
		t.Errorf("version %v", m.Version)
	}
	fields := []struct {
		name string
		got  []byte
		want string
	}{
		{"random", m.Random[:], sampleRandom},
		{"session_id", m.SessionID, "a1a2"},
		{"cookie", m.Cookie, "c1c2c3"},
		{"cipher_suites", m.CipherSuites, "c02bc0ae"},
		{"compression_methods", m.CompressionMethods, "00"},
		{"extensions", m.Extensions, "00170000ff01000100"},
	}
	for _, field := range fields {
		if !bytes.Equal(field.got, unhex(t, field.want)) {
			t.Errorf("%s: %x, want %s", field.name, field.got, field.want)
		}
	}
}

func TestClientHelloTellsNoExtensionsFromEmptyOnes(t *testing.T) {
	without, err := ParseClientHello(unhex(t, "fefd"+sampleRandom+"00 00 000200a8 0100"))
	if err != nil || without.Extensions != nil {
		t.Errorf("without extensions: %v, %v", without.Extensions, err)
	}
	empty, err := ParseClientHello(unhex(t, "fefd"+sampleRandom+"00 00 000200a8 0100 0000"))
	if err != nil || empty.Extensions == nil {
		t.Errorf("with empty extensions: %v, %v", empty.Extensions, err)
	}
}

func TestParseClientHelloPrefixNeedsAllFieldsOfTheCookie(t *testing.T) {
	body := helloBytes(t)
	const complete = 49 // up to and with the compression methods
	for n := range len(body) + 1 {
		m, ok := ParseClientHelloPrefix(body[:n])
		if ok != (n >= complete) {
			t.Errorf("first %d bytes: %v", n, ok)
		}
		if ok && (!bytes.Equal(m.CompressionMethods, []byte{0}) || m.Extensions != nil) {
			t.Errorf("first %d bytes: %+v", n, m)
		}
	}
}

func TestParseClientHelloDoesNotAllocate(t *testing.T) {
	good, bad := helloBytes(t), helloBytes(t)
	bad[len(bad)-10]++ // the length of the extensions
	allocs := testing.AllocsPerRun(100, func() {
		_, errGood := ParseClientHello(good)
		_, errBad := ParseClientHello(bad)
		_, prefix := ParseClientHelloPrefix(good[:49])
		_, short := ParseClientHelloPrefix(good[:48])
		if errGood != nil || errBad == nil || !prefix || short {
			t.Fatal(errGood, errBad, prefix, short)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzClientHello(f *testing.F) { fuzzMessage(f, TypeClientHello) }

// What the prefix parser says must not depend on how much of the message is there.
func FuzzClientHelloPrefix(f *testing.F) {
	for _, m := range recordedMessages(f) {
		if m.handshake == TypeClientHello {
			f.Add(m.body)
			f.Add(m.body[:100])
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		prefix, ok := ParseClientHelloPrefix(body)
		whole, err := ParseClientHello(body)
		if err == nil && !ok {
			t.Fatal("a whole hello is no prefix")
		}
		if !ok {
			return
		}
		again := prefix.AppendTo(nil)
		if !bytes.HasPrefix(body, again) {
			t.Errorf("written again:\n got %x\nfrom %x", again, body)
		}
		if whole.Extensions = nil; err == nil && !bytes.Equal(whole.AppendTo(nil), again) {
			t.Errorf("prefix differs from whole:\n got %x\nwant %x", again, whole.AppendTo(nil))
		}
	})
}

func BenchmarkParseClientHello(b *testing.B) {
	messages := recordedMessages(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseClientHello(messages[0].body); err != nil {
			b.Fatal(err)
		}
	}
}
