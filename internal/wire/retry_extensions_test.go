package wire

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// retryExtensionsOf returns the part of e that ParseRetryExtensions reads.
func retryExtensionsOf(e ClientExtensions) RetryExtensions {
	return RetryExtensions{
		SupportedVersions:   e.SupportedVersions,
		SupportedGroups:     e.SupportedGroups,
		SignatureAlgorithms: e.SignatureAlgorithms,
		HasKeyShare:         e.HasKeyShare,
		KeyShares:           e.KeyShares,
		PSKKeyExchangeModes: e.PSKKeyExchangeModes,
		Cookie:              e.Cookie,
		PreSharedKey:        e.PreSharedKey,
	}
}

// checkRetryExtensions checks that both parsers read the same, and that the quick one refuses nothing that
// the other one accepts.
func checkRetryExtensions(t *testing.T, raw []byte) {
	t.Helper()
	quick, err := ParseRetryExtensions(raw)
	all, errAll := ParseClientExtensions13(raw)
	if err != nil && !errors.Is(err, ErrMalformed) {
		t.Errorf("%x: %v is not ErrMalformed", raw, err)
	}
	if errAll != nil {
		return
	}
	if err != nil {
		t.Errorf("%x: refused: %v", raw, err)
	} else if want := retryExtensionsOf(all); !reflect.DeepEqual(quick, want) {
		t.Errorf("%x:\n got %+v\nwant %+v", raw, quick, want)
	}
}

func TestRetryExtensionsAgreeWithAllExtensions(t *testing.T) {
	samples := allClientExtensionSamples()
	checkRetryExtensions(t, nil)
	checkRetryExtensions(t, unhex(t, joined(samples)))
	for _, s := range samples {
		checkRetryExtensions(t, unhex(t, s.raw))
		checkRetryExtensions(t, unhex(t, s.raw+s.raw))
	}
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		some := slices.Clone(samples)
		random.Shuffle(len(some)-1, func(i, j int) { some[i], some[j] = some[j], some[i] })
		raw := unhex(t, joined(some[random.IntN(len(some)):]))
		for range random.IntN(3) {
			raw[random.IntN(len(raw))] = byte(random.Uint32())
		}
		checkRetryExtensions(t, raw)
	}
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}

func TestMalformedRetryExtensionsAreNamed(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"000a 0002 0000", "malformed client_hello: supported_groups"},
		{"000d 0003 0001 04", "malformed client_hello: signature_algorithms"},
		{"0029 0002 0000", "malformed client_hello: pre_shared_key"},
		{"0029 002a 0007 0001a1 00000000 0042 20" + sampleRandom + "20" + sampleRandom, "malformed client_hello: pre_shared_key"},
		{"0029 004d 0007 0001a1 00000000 0042 20" + sampleRandom + "20" + sampleRandom, "illegal value in client_hello: pre_shared_key"},
		{pskSample + "0017 0000", "illegal value in client_hello: pre_shared_key"},
		{"002b 0002 01fe", "malformed client_hello: supported_versions"},
		{"002c 0002 0000", "malformed client_hello: cookie"},
		{"002d 0001 00", "malformed client_hello: psk_key_exchange_modes"},
		{"0033 0006 0004 001d 0000", "malformed client_hello: key_share"},
		{"0033 0003 0000 00", "malformed client_hello: key_share"},
		{"0033 0002 0000 0033 0002 0000", "malformed client_hello: an extension twice"},
		{"0033 0002", "malformed client_hello: extensions"},
		{"00", "malformed client_hello: extensions"},
	}
	for _, test := range tests {
		_, err := ParseRetryExtensions(unhex(t, test.raw))
		checkError(t, test.raw, err, test.want)
	}
}

// What nobody needs for an answer without state is left to ParseClientExtensions13.
func TestOtherExtensionsAreNotLookedAt(t *testing.T) {
	for _, raw := range []string{
		"0010 0001 ff 0a0a 0001 ff",                       // a malformed list of protocols
		"0017 0000 0017 0000",                             // extended_master_secret twice
		"0033 000c 000a 001d 0001a1 001d 0001a2",          // two shares of a group
		"ffff 0000 4029 0000 002b 0003 02 fefc 806a 0000", // numbers that have their last bits in common
	} {
		if _, err := ParseRetryExtensions(unhex(t, raw)); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// retryHello returns the extensions of a first hello with shares of two groups.
func retryHello() []byte {
	return ClientExtensions{
		ServerName:          "example.org",
		SupportedVersions:   AppendUint16s(nil, VersionDTLS13, VersionDTLS12),
		SupportedGroups:     AppendUint16s(nil, GroupX25519MLKEM768, GroupX25519),
		SignatureAlgorithms: AppendUint16s(nil, Ed25519),
		ALPN:                [][]byte{[]byte("coap")},
		HasKeyShare:         true,
		KeyShares:           AppendKeyShares(nil, KeyShare{GroupX25519MLKEM768, make([]byte, 1216)}, KeyShare{GroupX25519, make([]byte, 32)}),
		PSKKeyExchangeModes: []byte{PSKModeDHEKE},
		Cookie:              make([]byte, 80),
		PreSharedKey:        OfferedPSKs{AppendPSKIdentities(nil, PSKIdentity{[]byte("me"), 0}), AppendOpaque8s(nil, make([]byte, 32))},
	}.AppendTo(nil)
}

func TestParseRetryExtensionsDoesNotAllocate(t *testing.T) {
	good := retryHello()
	bad := []([]byte){
		unhex(t, "0033 0002 0000 0033 0002 0000"), unhex(t, "0033 0003 0000 00"), unhex(t, "002b 0002 01fe"), unhex(t, "0029 0002 0000"),
		unhex(t, "0029 004d 0007 0001a1 00000000 0042 20"+sampleRandom+"20"+sampleRandom), {0},
	}
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := ParseRetryExtensions(good); err != nil {
			t.Fatal(err)
		}
		for _, raw := range bad {
			if _, err := ParseRetryExtensions(raw); err == nil {
				t.Fatalf("%x is accepted", raw)
			}
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzRetryExtensions(f *testing.F) {
	for _, s := range allClientExtensionSamples() {
		f.Add(unhex(f, s.raw))
	}
	f.Add(unhex(f, joined(allClientExtensionSamples())))
	f.Add(retryHello())
	f.Fuzz(func(t *testing.T, raw []byte) { checkRetryExtensions(t, raw) })
}

func BenchmarkParseRetryExtensions(b *testing.B) {
	raw := retryHello()
	b.Run("for a retry", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseRetryExtensions(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseClientExtensions13(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
