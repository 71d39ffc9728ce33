package wire

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// An extensionSample is one extension alone in its vector: type, length, content.
type extensionSample struct {
	id  Extension
	raw string // hex
}

var clientExtensionSamples = []extensionSample{
	{ExtensionServerName, "0000 000e 000c 00 0009 6c6f63616c686f7374"},
	{ExtensionMaxFragmentLength, "0001 0001 02"},
	{ExtensionStatusRequest, "0005 0005 01 0000 0000"},
	{ExtensionSupportedGroups, "000a 0006 0004 001d0017"},
	{ExtensionPointFormats, "000b 0002 01 00"},
	{ExtensionSignatureAlgorithms, "000d 0006 0004 04030804"},
	{ExtensionUseSRTP, "000e 0009 0004 00010007 02 a1a2"},
	{ExtensionALPN, "0010 0009 0007 04636f6170 0178"},
	{ExtensionClientCertificateType, "0013 0003 02 0200"},
	{ExtensionServerCertificateType, "0014 0002 01 02"},
	{ExtensionPadding, "0015 0003 000000"},
	{ExtensionEncryptThenMAC, "0016 0000"},
	{ExtensionExtendedMasterSecret, "0017 0000"},
	{ExtensionRecordSizeLimit, "001c 0002 0040"},
	{ExtensionSessionTicket, "0023 0003 a1a2a3"},
	{ExtensionSupportedVersions, "002b 0005 04 fefcfefd"},
	{ExtensionSignatureAlgorithmsCert, "0032 0004 0002 0403"},
	{ExtensionConnectionID, "0036 0003 02 a1a2"},
	{ExtensionRRC, "003d 0000"},
	{ExtensionRenegotiationInfo, "ff01 0001 00"},
}

// clientExtensionSamples13 are those that only DTLS 1.3 gives a meaning.
var clientExtensionSamples13 = []extensionSample{
	{ExtensionEarlyData, "002a 0000"},
	{ExtensionCookie, "002c 0004 0002 a1a2"},
	{ExtensionPSKKeyExchangeModes, "002d 0003 02 0100"},
	{ExtensionCertificateAuthorities, "002f 000a 0008 0003414243 000144"},
	{ExtensionPostHandshakeAuth, "0031 0000"},
	{ExtensionKeyShare, "0033 000e 000c 001d 0003b1b2b3 0017 0001c1"},
	{ExtensionPreSharedKey, pskSample}, // the last, as it must be
}

// allClientExtensionSamples returns what a ClientHello that offers every version may have.
func allClientExtensionSamples() []extensionSample {
	return slices.Concat(clientExtensionSamples, clientExtensionSamples13)
}

var serverExtensionSamples = []extensionSample{
	{ExtensionServerName, "0000 0000"},
	{ExtensionMaxFragmentLength, "0001 0001 04"},
	{ExtensionStatusRequest, "0005 0000"},
	{ExtensionPointFormats, "000b 0002 01 00"},
	{ExtensionUseSRTP, "000e 0005 0002 0007 00"},
	{ExtensionALPN, "0010 0007 0005 04636f6170"},
	{ExtensionClientCertificateType, "0013 0001 02"},
	{ExtensionServerCertificateType, "0014 0001 00"},
	{ExtensionEncryptThenMAC, "0016 0000"},
	{ExtensionExtendedMasterSecret, "0017 0000"},
	{ExtensionRecordSizeLimit, "001c 0002 4001"},
	{ExtensionSessionTicket, "0023 0000"},
	{ExtensionConnectionID, "0036 0001 00"},
	{ExtensionRRC, "003d 0000"},
	{ExtensionRenegotiationInfo, "ff01 0003 02 a1a2"},
}

func TestEveryExtensionHasASampleWhereItIsAllowed(t *testing.T) {
	sampled := func(samples []extensionSample, id Extension) bool {
		for _, s := range samples {
			if s.id == id {
				return true
			}
		}
		return false
	}
	for _, row := range registry {
		if got := sampled(allClientExtensionSamples(), row.id); got != row.id.In(InClientHello) {
			t.Errorf("%v: allowed in client_hello %v, sampled %v", row.id, !got, got)
		}
		if got := sampled(serverExtensionSamples, row.id); got != row.id.In(InServerHello) {
			t.Errorf("%v: allowed in server_hello %v, sampled %v", row.id, !got, got)
		}
	}
}

func TestRegistryHasNoRowTwice(t *testing.T) {
	ids, names := make(map[Extension]bool), make(map[string]bool)
	for _, row := range registry {
		if ids[row.id] || names[row.name] || row.name == "" {
			t.Errorf("row %+v", row)
		}
		ids[row.id], names[row.name] = true, true
	}
	if Extension(0x0a0a).In(InClientHello) || ExtensionServerName.In(InNewSessionTicket) {
		t.Error("allowed where it is not")
	}
}

func TestExtensionsSurviveRoundTripAlone(t *testing.T) {
	for _, s := range allClientExtensionSamples() {
		raw := unhex(t, s.raw)
		e, err := ParseClientExtensions13(raw)
		if s.id == ExtensionPadding {
			e.Padding = 3
		}
		if again := e.AppendTo(nil); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("client %v: written again %x, error %v", s.id, again, err)
		}
	}
	for _, s := range serverExtensionSamples {
		raw := unhex(t, s.raw)
		e, err := ParseServerExtensions(raw)
		if again := e.AppendTo(nil); err != nil || !bytes.Equal(again, raw) {
			t.Errorf("server %v: written again %x, error %v", s.id, again, err)
		}
		if len(e.Present) != 1 || e.Present[0] != s.id {
			t.Errorf("server %v: present %v", s.id, e.Present)
		}
	}
}

func TestClientExtensionsKnowWhatTheyOffer(t *testing.T) {
	for _, s := range allClientExtensionSamples() {
		e, err := ParseClientExtensions13(unhex(t, s.raw))
		if s.id == ExtensionPadding {
			e.Padding = 3
		}
		for _, row := range registry {
			if offered := row.id == s.id; err != nil || e.Has(row.id) != offered {
				t.Errorf("%v offered with %v: %v, error %v", row.id, s.id, !offered, err)
			}
		}
	}
}

func TestExtensionsSurviveRoundTripTogether(t *testing.T) {
	client, err := ParseClientExtensions13(unhex(t, joined(allClientExtensionSamples())))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseClientExtensions13(client.AppendTo(nil)); err != nil || !reflect.DeepEqual(again, client) {
		t.Errorf("client: got %+v, %v\nwant %+v", again, err, client)
	}
	server, err := ParseServerExtensions(unhex(t, joined(serverExtensionSamples)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseServerExtensions(server.AppendTo(nil))
	again.Present, server.Present = nil, nil
	if err != nil || !reflect.DeepEqual(again, server) {
		t.Errorf("server: got %+v, %v\nwant %+v", again, err, server)
	}
}

func joined(samples []extensionSample) string {
	var all strings.Builder
	for _, s := range samples {
		all.WriteString(s.raw)
	}
	return all.String()
}

// DTLS 1.2 reads of a hello what it read before there was DTLS 1.3.
func TestClientExtensionsAgreeWithThoseOfDTLS13(t *testing.T) {
	raw := unhex(t, joined(clientExtensionSamples))
	e, err := ParseClientExtensions(raw)
	e13, err13 := ParseClientExtensions13(raw)
	if err != nil || err13 != nil || !reflect.DeepEqual(e, e13) {
		t.Errorf("got %+v, %v\nand %+v, %v", e, err, e13, err13)
	}
	e, err = ParseClientExtensions(unhex(t, joined(clientExtensionSamples13)))
	if err != nil || !reflect.DeepEqual(e, ClientExtensions{}) {
		t.Errorf("%+v, %v", e, err)
	}
	// Each of them is malformed, and pre_shared_key is not the last.
	e, err = ParseClientExtensions(unhex(t, "0029 0001 ff 002a 0001 ff 002c 0001 ff 002d 0001 ff 002f 0001 ff 0031 0001 ff 0033 0001 ff"))
	if err != nil || !reflect.DeepEqual(e, ClientExtensions{}) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestUnknownExtensionsAreSkipped(t *testing.T) {
	raw := unhex(t, "0a0a 0003 010203 0017 0000 fafa 0000")
	client, err := ParseClientExtensions(raw)
	if err != nil || !client.ExtendedMasterSecret {
		t.Errorf("client: %+v, %v", client, err)
	}
	server, err := ParseServerExtensions(raw)
	want := []Extension{0x0a0a, ExtensionExtendedMasterSecret, 0xfafa}
	if err != nil || !server.ExtendedMasterSecret || !reflect.DeepEqual(server.Present, want) {
		t.Errorf("server: %+v, %v", server, err)
	}
}

// Some servers answer supported_groups, which has no meaning there; it must not stop the handshake.
func TestServerExtensionsWithoutMeaningAreListedOnly(t *testing.T) {
	e, err := ParseServerExtensions(unhex(t, "000a 0001 ff"))
	if err != nil || !reflect.DeepEqual(e, ServerExtensions{Present: []Extension{ExtensionSupportedGroups}}) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestOtherKindsOfCertificateStatusAreAsIfAbsent(t *testing.T) {
	e, err := ParseClientExtensions(unhex(t, "0005 0003 02 a1a2"))
	if err != nil || e.StatusRequest {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestOtherKindsOfServerNameAreSkipped(t *testing.T) {
	e, err := ParseClientExtensions(unhex(t, "0000 000b 0009 07 0001 ff 00 0002 6869"))
	if err != nil || e.ServerName != "hi" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestNoExtensionAtAll(t *testing.T) {
	if e, err := ParseClientExtensions(nil); err != nil || !reflect.DeepEqual(e, ClientExtensions{}) {
		t.Errorf("client: %+v, %v", e, err)
	}
	if e, err := ParseServerExtensions(nil); err != nil || !reflect.DeepEqual(e, ServerExtensions{}) {
		t.Errorf("server: %+v, %v", e, err)
	}
	if got := (ClientExtensions{}).AppendTo(nil); got == nil || len(got) != 0 {
		t.Errorf("client writes %v", got)
	}
	if got := (ServerExtensions{}).AppendTo(nil); got == nil || len(got) != 0 {
		t.Errorf("server writes %v", got)
	}
}

func TestMalformedExtensionsAreNamed(t *testing.T) {
	tests := []struct{ raw, client, server string }{
		{"00", "malformed client_hello: extensions", "malformed server_hello: extensions"},
		{"0017 0001", "malformed client_hello: extensions", "malformed server_hello: extensions"},
		{"0017 0000 0017 0000", "malformed client_hello: extended_master_secret twice", "malformed server_hello: extended_master_secret twice"},
		{"0a0a 0000 0017 0000 0a0a 0000", "malformed client_hello: extension 0x0a0a twice", "malformed server_hello: extension 0x0a0a twice"},
		{"0000 0002 0000", "malformed client_hello: server_name", "malformed server_hello: server_name"},
		{"0000 0005 0003 00 0000", "malformed client_hello: server_name", "malformed server_hello: server_name"},
		{"0000 000a 0008 00 0001 61 00 0001 62", "malformed client_hello: server_name", "malformed server_hello: server_name"},
		{"0001 0001 05", "illegal value in client_hello: max_fragment_length", "illegal value in server_hello: max_fragment_length"},
		{"0001 0001 00", "illegal value in client_hello: max_fragment_length", "illegal value in server_hello: max_fragment_length"},
		{"0001 0002 0101", "malformed client_hello: max_fragment_length", "malformed server_hello: max_fragment_length"},
		{"0005 0004 01 0000 00", "malformed client_hello: status_request", "malformed server_hello: status_request"},
		{"000a 0002 0000", "malformed client_hello: supported_groups", ""},
		{"000a 0005 0003 001d00", "malformed client_hello: supported_groups", ""},
		{"000b 0001 00", "malformed client_hello: ec_point_formats", "malformed server_hello: ec_point_formats"},
		{"000d 0002 0000", "malformed client_hello: signature_algorithms", ""},
		{"000e 0003 0000 00", "malformed client_hello: use_srtp", "malformed server_hello: use_srtp"},
		{"000e 0004 0002 0001", "malformed client_hello: use_srtp", "malformed server_hello: use_srtp"},
		{"000e 0007 0004 00010002 00", "", "malformed server_hello: use_srtp"},
		{"0010 0002 0000", "malformed client_hello: application_layer_protocol_negotiation", "malformed server_hello: application_layer_protocol_negotiation"},
		{"0010 0003 0001 00", "malformed client_hello: application_layer_protocol_negotiation", "malformed server_hello: application_layer_protocol_negotiation"},
		{"0010 0006 0004 0161 0162", "", "malformed server_hello: application_layer_protocol_negotiation"},
		{"0013 0001 00", "malformed client_hello: client_certificate_type", ""},
		{"0014 0002 0000", "malformed client_hello: server_certificate_type", "malformed server_hello: server_certificate_type"},
		{"0016 0001 00", "malformed client_hello: encrypt_then_mac", "malformed server_hello: encrypt_then_mac"},
		{"001c 0002 003f", "illegal value in client_hello: record_size_limit", "illegal value in server_hello: record_size_limit"},
		{"001c 0001 40", "malformed client_hello: record_size_limit", "malformed server_hello: record_size_limit"},
		{"0023 0001 00", "", "malformed server_hello: session_ticket"},
		{"002b 0001 00", "malformed client_hello: supported_versions", ""},
		{"0032 0003 0001 04", "malformed client_hello: signature_algorithms_cert", ""},
		{"003d 0001 00", "malformed client_hello: rrc", "malformed server_hello: rrc"},
		{"0036 0000", "malformed client_hello: connection_id", "malformed server_hello: connection_id"},
		{"0036 0002 02a1", "malformed client_hello: connection_id", "malformed server_hello: connection_id"},
		{"ff01 0000", "malformed client_hello: renegotiation_info", "malformed server_hello: renegotiation_info"},
	}
	for _, test := range tests {
		raw := unhex(t, test.raw)
		_, client := ParseClientExtensions(raw)
		checkError(t, test.raw, client, test.client)
		_, client = ParseClientExtensions13(raw)
		if test.client != "" {
			checkError(t, test.raw, client, test.client)
		}
		_, server := ParseServerExtensions(raw)
		checkError(t, test.raw, server, test.server)
	}
}

func TestMalformedExtensionsOfAClient13AreNamed(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"002a 0001 00", "malformed client_hello: early_data"},
		{"002c 0002 0000", "malformed client_hello: cookie"},
		{"002d 0001 00", "malformed client_hello: psk_key_exchange_modes"},
		{"002f 0002 0000", "malformed client_hello: certificate_authorities"},
		{"002f 0004 0002 0000", "malformed client_hello: certificate_authorities"},
		{"0031 0001 00", "malformed client_hello: post_handshake_auth"},
		{"0033 0001 00", "malformed client_hello: key_share"},
		{"0033 0006 0004 001d 0000", "malformed client_hello: key_share"},
		{"0033 0005 0003 001d 00", "malformed client_hello: key_share"},
		{"0033 000c 000a 001d 0001b1 001d 0001b2", "illegal value in client_hello: key_share"},
	}
	for _, test := range tests {
		_, err := ParseClientExtensions13(unhex(t, test.raw))
		checkError(t, test.raw, err, test.want)
	}
}

// checkError compares the text of err, "" for nil.
func checkError(t *testing.T, raw string, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
		if illegal := strings.HasPrefix(want, "illegal"); !errors.Is(err, ErrMalformed) || errors.Is(err, ErrIllegal) != illegal {
			t.Errorf("%s: %v matches the wrong sentinel", raw, err)
		}
	}
	if got != want {
		t.Errorf("%s: error %q, want %q", raw, got, want)
	}
}

func TestExtensionsDoNotParseWhenCutOff(t *testing.T) {
	check := func(s extensionSample, parse func([]byte) error) {
		raw := unhex(t, s.raw)
		for n := 1; n < len(raw); n++ {
			if err := parse(raw[:n]); !errors.Is(err, ErrMalformed) {
				t.Errorf("%v: first %d of %d bytes: error %v", s.id, n, len(raw), err)
			}
		}
	}
	for _, s := range clientExtensionSamples {
		check(s, func(b []byte) error { _, err := ParseClientExtensions(b); return err })
	}
	for _, s := range allClientExtensionSamples() {
		check(s, func(b []byte) error { _, err := ParseClientExtensions13(b); return err })
	}
	for _, s := range serverExtensionSamples {
		check(s, func(b []byte) error { _, err := ParseServerExtensions(b); return err })
	}
}

func TestMaxFragmentBytes(t *testing.T) {
	for value, want := range map[uint8]int{1: 512, 2: 1024, 3: 2048, 4: 4096} {
		if got := MaxFragmentBytes(value); got != want {
			t.Errorf("value %d: %d bytes, want %d", value, got, want)
		}
	}
}

func FuzzClientExtensions(f *testing.F) { fuzzClientExtensions(f, ParseClientExtensions) }

func FuzzClientExtensions13(f *testing.F) { fuzzClientExtensions(f, ParseClientExtensions13) }

func fuzzClientExtensions(f *testing.F, parse func(raw []byte) (ClientExtensions, error)) {
	client, server := recordedExtensions(f)
	f.Add(client)
	f.Add(server)
	f.Add(unhex(f, joined(allClientExtensionSamples())))
	for _, s := range allClientExtensionSamples() {
		f.Add(unhex(f, s.raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parse(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		if again, err := parse(e.AppendTo(nil)); err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%x: got %+v, %v\nwant %+v", raw, again, err, e)
		}
	})
}

func FuzzServerExtensions(f *testing.F) {
	client, server := recordedExtensions(f)
	f.Add(client)
	f.Add(server)
	f.Add(unhex(f, joined(serverExtensionSamples)))
	for _, s := range serverExtensionSamples {
		f.Add(unhex(f, s.raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ParseServerExtensions(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		again, err := ParseServerExtensions(e.AppendTo(nil))
		again.Present, e.Present = nil, nil
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%x: got %+v, %v\nwant %+v", raw, again, err, e)
		}
	})
}

// The hello of a peer whose address is not proven is parsed, and must not take memory.
func TestParseClientExtensions13DoesNotAllocate(t *testing.T) {
	raw := ClientExtensions{
		SupportedVersions:   AppendUint16s(nil, VersionDTLS13),
		SupportedGroups:     AppendUint16s(nil, GroupX25519MLKEM768, GroupX25519),
		SignatureAlgorithms: AppendUint16s(nil, Ed25519),
		HasKeyShare:         true,
		KeyShares:           AppendKeyShares(nil, KeyShare{GroupX25519MLKEM768, make([]byte, 1216)}, KeyShare{GroupX25519, make([]byte, 32)}),
		PSKKeyExchangeModes: []byte{PSKModeDHEKE},
		Cookie:              make([]byte, 80),
		PreSharedKey:        OfferedPSKs{AppendPSKIdentities(nil, PSKIdentity{[]byte("me"), 0}), AppendOpaque8s(nil, make([]byte, 32))},
	}.AppendTo(nil)
	allocs := testing.AllocsPerRun(100, func() {
		e, err := ParseClientExtensions13(raw)
		if _, ok := e.KeyShares.Find(GroupX25519); err != nil || !ok {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkParseClientExtensions(b *testing.B) {
	client, _ := recordedExtensions(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseClientExtensions(client); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendClientExtensions(b *testing.B) {
	client, _ := recordedExtensions(b)
	e, err := ParseClientExtensions(client)
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		if e.AppendTo(dst) == nil {
			b.Fatal("too long")
		}
	}
}
