package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// A place13 is a message of DTLS 1.3 with extensions that are not those of a ClientHello. parse returns
// what it parsed and Present.
type place13 struct {
	name    string
	in      MessageSet
	parse   func(raw []byte) (appender, []Extension, error)
	samples []extensionSample
}

type appender interface{ AppendTo(b []byte) []byte }

func parseServer13(in MessageSet) func(raw []byte) (appender, []Extension, error) {
	return func(raw []byte) (appender, []Extension, error) {
		e, err := ParseServerExtensions13(in, raw)
		return e, e.Present, err
	}
}

func parseCertificateExtensions(raw []byte) (appender, []Extension, error) {
	e, err := ParseCertificateExtensions(raw)
	return e, e.Present, err
}

func parseCertificateRequestExtensions(raw []byte) (appender, []Extension, error) {
	e, err := ParseCertificateRequestExtensions(raw)
	return e, e.Present, err
}

func parseTicketExtensions(raw []byte) (appender, []Extension, error) {
	e, err := ParseTicketExtensions(raw)
	return e, e.Present, err
}

var places13 = []place13{
	{"server_hello", InServerHello13, parseServer13(InServerHello13), []extensionSample{
		{ExtensionPreSharedKey, "0029 0002 0001"},
		{ExtensionSupportedVersions, "002b 0002 fefc"},
		{ExtensionKeyShare, "0033 0007 001d 0003b1b2b3"},
		{ExtensionConnectionID, "0036 0003 02 a1a2"},
		{ExtensionRRC, "003d 0000"},
	}},
	{"hello_retry_request", InHelloRetryRequest, parseServer13(InHelloRetryRequest), []extensionSample{
		{ExtensionSupportedVersions, "002b 0002 fefc"},
		{ExtensionCookie, "002c 0004 0002 c1c2"},
		{ExtensionKeyShare, "0033 0002 11ec"},
	}},
	{"encrypted_extensions", InEncryptedExtensions, parseServer13(InEncryptedExtensions), []extensionSample{
		{ExtensionServerName, "0000 0000"},
		{ExtensionMaxFragmentLength, "0001 0001 04"},
		{ExtensionSupportedGroups, "000a 0006 0004 11ec001d"},
		{ExtensionUseSRTP, "000e 0005 0002 0007 00"},
		{ExtensionALPN, "0010 0007 0005 04636f6170"},
		{ExtensionClientCertificateType, "0013 0001 02"},
		{ExtensionServerCertificateType, "0014 0001 00"},
		{ExtensionRecordSizeLimit, "001c 0002 4001"},
		{ExtensionEarlyData, "002a 0000"},
	}},
	{"certificate", InCertificate, parseCertificateExtensions, []extensionSample{
		{ExtensionStatusRequest, "0005 0007 01 000003d1d2d3"},
	}},
	{"certificate_request", InCertificateRequest, parseCertificateRequestExtensions, []extensionSample{
		{ExtensionStatusRequest, "0005 0000"},
		{ExtensionSignatureAlgorithms, "000d 0006 0004 04030804"},
		{ExtensionCertificateAuthorities, "002f 000a 0008 0003414243 000144"},
		{ExtensionOIDFilters, "0030 0002 0000"},
		{ExtensionSignatureAlgorithmsCert, "0032 0004 0002 0403"},
	}},
	{"new_session_ticket", InNewSessionTicket, parseTicketExtensions, []extensionSample{
		{ExtensionEarlyData, "002a 0004 00004000"},
	}},
}

// RFC 8446, Section 4.2: the table of extensions and messages.
func TestEveryExtension13HasASampleWhereItIsAllowed(t *testing.T) {
	for _, place := range places13 {
		for _, row := range registry {
			sampled := false
			for _, s := range place.samples {
				sampled = sampled || s.id == row.id
			}
			if allowed := row.id.In(place.in); allowed != sampled {
				t.Errorf("%s: %v allowed %v, sampled %v", place.name, row.id, allowed, sampled)
			}
		}
	}
}

func TestRegistryKnowsWhatItHas(t *testing.T) {
	for _, row := range registry {
		if !row.id.Known() {
			t.Errorf("%v is not known", row.id)
		}
	}
	if Extension(0x0a0a).Known() {
		t.Error("an extension that nobody defined is known")
	}
}

func TestExtensions13SurviveRoundTripAlone(t *testing.T) {
	for _, place := range places13 {
		for _, s := range place.samples {
			raw := unhex(t, s.raw)
			e, present, err := place.parse(raw)
			if err != nil || len(present) != 1 || present[0] != s.id {
				t.Errorf("%s: %v: present %v, %v", place.name, s.id, present, err)
				continue
			}
			if s.id == ExtensionOIDFilters {
				raw = nil // skipped
			}
			if again := e.AppendTo(nil); !bytes.Equal(again, raw) {
				t.Errorf("%s: %v written again: %x", place.name, s.id, again)
			}
		}
	}
}

func TestExtensions13SurviveRoundTripTogether(t *testing.T) {
	for _, place := range places13 {
		e, _, err := place.parse(unhex(t, joined(place.samples)))
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := place.parse(e.AppendTo(nil))
		if err != nil || !reflect.DeepEqual(withoutPresent(again), withoutPresent(e)) {
			t.Errorf("%s: got %+v, %v\nwant %+v", place.name, again, err, e)
		}
	}
}

// withoutPresent returns e without its list of what was parsed, which AppendTo does not keep.
func withoutPresent(e appender) appender {
	switch e := e.(type) {
	case ServerExtensions:
		e.Present = nil
		return e
	case CertificateExtensions:
		e.Present = nil
		return e
	case CertificateRequestExtensions:
		e.Present = nil
		return e
	case TicketExtensions:
		e.Present = nil
		return e
	}
	return e
}

func TestExtensions13DoNotParseWhenCutOff(t *testing.T) {
	for _, place := range places13 {
		for _, s := range place.samples {
			raw := unhex(t, s.raw)
			for n := 1; n < len(raw); n++ {
				if _, _, err := place.parse(raw[:n]); !errors.Is(err, ErrMalformed) {
					t.Errorf("%s: %v: first %d of %d bytes: error %v", place.name, s.id, n, len(raw), err)
				}
			}
			raw = append(raw, 0)
			if raw[3]++; raw[3] == 0 {
				t.Fatal("sample is too long")
			}
			if _, _, err := place.parse(raw); s.id != ExtensionOIDFilters && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %v with a byte more: error %v", place.name, s.id, err)
			}
		}
	}
}

func TestExtensions13ComeOnce(t *testing.T) {
	for _, place := range places13 {
		for _, s := range place.samples {
			_, _, err := place.parse(unhex(t, s.raw+s.raw))
			checkError(t, s.raw, err, "malformed "+place.name+": "+s.id.String()+" twice")
		}
	}
}

// What does not belong where it is stays unread, and listed: the alert depends on whether it was offered.
func TestMisplacedAndUnknownExtensions13AreListedOnly(t *testing.T) {
	const junk = "0a0a 0001 ff 0017 0001 ff ff01 0001 ff" // unknown, extended_master_secret, renegotiation_info
	want := []Extension{0x0a0a, ExtensionExtendedMasterSecret, ExtensionRenegotiationInfo}
	for _, place := range places13 {
		e, present, err := place.parse(unhex(t, junk))
		if err != nil || !reflect.DeepEqual(present, want) {
			t.Errorf("%s: present %v, %v", place.name, present, err)
			continue
		}
		if again := e.AppendTo(nil); again == nil || len(again) != 0 {
			t.Errorf("%s: written again: %x", place.name, again)
		}
	}
}

// A ServerHello of DTLS 1.2 has nothing of DTLS 1.3, nor the other way round.
func TestServerExtensionsOfTheVersionsDoNotMix(t *testing.T) {
	e, err := ParseServerExtensions(unhex(t, joined(places13[0].samples)))
	if err != nil || e.SelectedVersion != 0 || e.KeyShare.KeyExchange != nil || e.HasSelectedIdentity || !e.HasConnectionID || !e.RRC {
		t.Errorf("%+v, %v", e, err)
	}
	e, err = ParseServerExtensions13(InServerHello13, unhex(t, joined(serverExtensionSamples)))
	if err != nil || e.ExtendedMasterSecret || e.SRTP != nil || e.ALPN != nil || !e.HasConnectionID || !e.RRC {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestMalformedExtensions13AreNamed(t *testing.T) {
	tests := []struct {
		parse     func(raw []byte) (appender, []Extension, error)
		raw, want string
	}{
		{parseServer13(InServerHello13), "002b 0003 02 fefc", "malformed server_hello: supported_versions"},
		{parseServer13(InServerHello13), "002b 0002 0000", "illegal value in server_hello: supported_versions"},
		{parseServer13(InServerHello13), "0033 0002 001d", "malformed server_hello: key_share"},
		{parseServer13(InServerHello13), "0033 0004 001d 0000", "malformed server_hello: key_share"},
		{parseServer13(InServerHello13), "0029 0001 00", "malformed server_hello: pre_shared_key"},
		{parseServer13(InHelloRetryRequest), "0033 0007 001d 0003b1b2b3", "malformed hello_retry_request: key_share"},
		{parseServer13(InHelloRetryRequest), "0033 0002 0000", "illegal value in hello_retry_request: key_share"},
		{parseServer13(InHelloRetryRequest), "002c 0002 0000", "malformed hello_retry_request: cookie"},
		{parseServer13(InEncryptedExtensions), "000a 0002 0000", "malformed encrypted_extensions: supported_groups"},
		{parseServer13(InEncryptedExtensions), "002a 0004 00000001", "malformed encrypted_extensions: early_data"},
		{parseServer13(InEncryptedExtensions), "001c 0002 003f", "illegal value in encrypted_extensions: record_size_limit"},
		{parseServer13(InEncryptedExtensions), "00", "malformed encrypted_extensions: extensions"},
		{parseCertificateExtensions, "0005 0007 02 000003d1d2d3", "malformed certificate: status_request"},
		{parseCertificateExtensions, "0005 0004 01 000000", "malformed certificate: status_request"},
		{parseCertificateRequestExtensions, "000d 0002 0000", "malformed certificate_request: signature_algorithms"},
		{parseCertificateRequestExtensions, "0032 0002 0000", "malformed certificate_request: signature_algorithms_cert"},
		{parseCertificateRequestExtensions, "002f 0002 0000", "malformed certificate_request: certificate_authorities"},
		{parseCertificateRequestExtensions, "0005 0005 01 0000 0000", "malformed certificate_request: status_request"},
		{parseTicketExtensions, "002a 0000", "malformed new_session_ticket: early_data"},
	}
	for _, test := range tests {
		_, _, err := test.parse(unhex(t, test.raw))
		checkError(t, test.raw, err, test.want)
	}
}

// fuzzExtensions13 checks that whatever parses there is the same when written and parsed again.
func fuzzExtensions13(f *testing.F, name string) {
	var place place13
	for _, p := range places13 {
		if p.name == name {
			place = p
		}
	}
	for _, s := range place.samples {
		f.Add(unhex(f, s.raw))
	}
	f.Add(unhex(f, joined(place.samples)))
	f.Add(unhex(f, strings.Repeat("0a0a 0000", 2)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, _, err := place.parse(raw)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v is not ErrMalformed", err)
			}
			return
		}
		again, _, err := place.parse(e.AppendTo(nil))
		if err != nil || !reflect.DeepEqual(withoutPresent(again), withoutPresent(e)) {
			t.Errorf("%x: got %+v, %v\nwant %+v", raw, again, err, e)
		}
	})
}

func FuzzServerHelloExtensions13(f *testing.F)      { fuzzExtensions13(f, "server_hello") }
func FuzzHelloRetryRequestExtensions(f *testing.F)  { fuzzExtensions13(f, "hello_retry_request") }
func FuzzServerEncryptedExtensions(f *testing.F)    { fuzzExtensions13(f, "encrypted_extensions") }
func FuzzCertificateExtensions(f *testing.F)        { fuzzExtensions13(f, "certificate") }
func FuzzCertificateRequestExtensions(f *testing.F) { fuzzExtensions13(f, "certificate_request") }
func FuzzTicketExtensions(f *testing.F)             { fuzzExtensions13(f, "new_session_ticket") }
