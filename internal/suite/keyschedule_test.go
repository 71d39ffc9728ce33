package suite

import (
	"bytes"
	"crypto"
	"testing"
)

// The expected values come from OpenSSL's TLS13-KDF with the prefix "dtls13".
func TestKeyScheduleVectors(t *testing.T) {
	type secrets struct{ clientHandshake, serverHandshake, client, server, exporter, resumption string }
	tests := []struct {
		hash                       crypto.Hash
		externalBinder, resumption string
		withoutPSK, withPSK, alone secrets
	}{
		{
			crypto.SHA256,
			"f79c2dcfc7c814cf17ac153b7309773e548196b06c80a2b245ced9276a212d6d",
			"a7638b9f85afe65e03f1ede9547a5cc5bc709c0cc748fb915d007e4101102705",
			secrets{
				"455416a9e36a429e249926aa66d397b5b3901663781ce62949ad2c25493546f8",
				"e7b7d38e3d802281379101faa1afc9687e4c8234c74e756addc731c5ddcd0c54",
				"d07db4ca44f221b6f3b28acc595cde66a6749134b142d091f5a02be0dc742ea4",
				"b300cf90634f6e35b3d20899c427930de92396ae657921a8d9493a8e7a83ea4a",
				"6332be7cc173e4830c2f4305634dd3c3b695495197bc74ada245228098b61284",
				"f2d557f1e6fce8aeabeb188ef0bac26e1b0fe326e59dc842363dd6a79f2972f1",
			},
			secrets{
				"3aaacea1e8763ff383fc956800281968eaf4408b08e9ac3f9ad2e367fbbfde0d",
				"b58286bd59fe85098ea9bf58f0df9e36bda85f3a6a2eed46db3b0144eab3f8b6",
				"1f067ba5a171dc10d6b3d874a4bcb1ecd487cb741e8ad4d74c813c9189b762eb",
				"bf33f7c5d91e09a94edb62435c636ee27c1c513ae28b0b3a3c2c52ca58449143",
				"eafbed878c74936a9781882c64fafaaf55fce39d50727cdd37f610399b6202b8",
				"e56c20ba136237627fe4f8aa1a5b1074348381c6de88fb933911b07cd82a70e8",
			},
			secrets{
				"bcec9dbfdab88c5d4833e3cbbc279654b430c1e214b63eb8866f17e3d1320724",
				"5e71497e9227541382ee1bbed247b00a5a87fd1dc893e983df43f8e33d22ee68",
				"1ed4c2ffdf797cd957e556b9ba30ff606ca689ca68104941e61e0c347b9ddace",
				"013db1dfc749c891951c4752eb42ce80fd3083cc9557e9667e5b8ac0b944fb61",
				"3cf527643a93d3c07a040d7c26b23f782534b88ac652252bbac541d2222f5ae1",
				"086230ae45b394e8041dc8855f6e26976c8022e508ec4c863397a7b1b0502bf4",
			},
		},
		{
			crypto.SHA384,
			"f18a2d81213e7592ae0d89ef916bdd84405e7440b8098025a8ad484afea70c3065e20383da21a3ddb79010ea3676ae09",
			"99313f5d49cb9af3a7f583100ba652845c23d4256620dbeb36a439ac721b11abd26deadf8b1c31368790e7f8d0ae5c49",
			secrets{
				"bc22ef467d3957f98087db500609cdcd3d2cc4434adbedf89be28e0530d877bf057ff73f257ea77e1708d691a4ec9ec0",
				"4616b77a78837bedbe759ee2830261850b0cd9a3b23c6e9e5eeeaff1ecf8f8f641e1ca953bfe3b4483dc29904c43c33f",
				"3eea05e16e98fae2f08fec7955cbc6bfb67c4988c7ba2d47cf5d25c03c97997696ab823a94e469aae31340d4a390f360",
				"cc0d36748eabe5856e37abb2ffc910f9ec1c8f9e4d724944d742147c7bf15ac59f36d6d1768c7aae9c470a3ffa8ea6f9",
				"990c2ac23dc4689fe03f6b2fefd07e13d9b7899c014a14d4a8f1123a0bbaf961fc2c4f782ee12a656142860db424874c",
				"fd6e546abcf59cc13e6c77a8a0ece698e850852bfaf2f99acd188f5f229ca65306d2ac7a7166b26229e59680bfbb0280",
			},
			secrets{
				"c6edef5d083e95accf14af2f71693cb2b0518b02f6f28280bb532b862adf837045ed343a743f5d5688cf1d6aa94e613f",
				"b15cffd2ba596a3e6f682dce3cd8f2f28194a1758cb6e9449902de18119fd57af9bba5cd0992f635234fc139b5a76d39",
				"b4b005dc22064197609b75499237de88cda821f613a80d73ef82c42794d7206d06adf993e4c3a59c6e909abddc4f2cb2",
				"f6edf5f961e5876751889aac7bd178ca0e8f54341e298db499acca75b0e2aa95ab524327c976fa4571cf2f8263222252",
				"2365ab482540f1a96144c0aa91bbf7fc62e0ae5622c9de909a7c93752b6025146fca2f9eb8e79f718e0df78d9826d4a9",
				"5799723505db7603625ea34ca4b1b13c3d6617f841e1a152ddecec5af727b87425b191b3d42ff21c1dc81b905c8f2110",
			},
			secrets{
				"07b0b98302ea6f709999e98e27623dc3459a7957ac91f8e3006424b99b71b1a88d1da284a3825075ce54d67fd2f2b5c2",
				"e5407e3c61e710ce5514ca56ab13eb99eb61eb1fcd031dbf9b84e697198345386a4fb4e26ec24bf65fa184f52758d95c",
				"c0e14047ff01f92268acac7cc20b2cb8c959efedfc119746a231da797484cbdc735a9b69b9b0565418bcc43abf86336b",
				"644fc0cd9ef00c4da5e08a10cb086cbacb999fb4e1a5f6968d9d786016d417acaa1e3c974f8d00ec758ecb45a3dd578e",
				"5e35a1a993b0e5fa8d145cb9cd325b8c745ec8ae85b4612cbe05c42bc75c3942105570993a405cc64e6cc690a1551bab",
				"b33f6c7ff3dc291dd471c22eadbb1d4dc8a5910deb72ff2ae00ffee35bf3edcbcc0de408536d46df42f4f59469aafdb4",
			},
		},
	}
	for _, tt := range tests {
		hash, psk, shared := count(0, tt.hash.Size()), count(160, 20), count(32, 32)
		expect := func(name string, got []byte, want string) {
			t.Helper()
			if !bytes.Equal(got, unhex(t, want)) {
				t.Errorf("%v: %s is %x, want %s", tt.hash, name, got, want)
			}
		}
		check := func(name string, h *HandshakeSecret, want secrets) {
			t.Helper()
			expect(name+", client's handshake", h.ClientTraffic(hash), want.clientHandshake)
			expect(name+", server's handshake", h.ServerTraffic(hash), want.serverHandshake)
			m := h.MasterSecret()
			expect(name+", client's traffic", m.ClientTraffic(hash), want.client)
			expect(name+", server's traffic", m.ServerTraffic(hash), want.server)
			expect(name+", exporter", m.Exporter(hash), want.exporter)
			expect(name+", resumption", m.Resumption(hash), want.resumption)
		}

		h, err := NewEarlySecret(tt.hash).HandshakeSecret(shared)
		if err != nil {
			t.Fatal(err)
		}
		check("without a pre-shared key", h, tt.withoutPSK)

		p := newPSKSecretForTest(t, tt.hash, psk)
		expect("external binder", p.Binder(ExternalPSK, hash), tt.externalBinder)
		expect("resumption binder", p.Binder(ResumptionPSK, hash), tt.resumption)
		if h, err = p.HandshakeSecret(shared); err != nil {
			t.Fatal(err)
		}
		check("with a pre-shared key", h, tt.withPSK)
		check("with a pre-shared key alone", newPSKSecretForTest(t, tt.hash, psk).HandshakeSecretWithoutExchange(), tt.alone)
	}
}

func newPSKSecretForTest(t testing.TB, h crypto.Hash, psk []byte) *PSKSecret {
	t.Helper()
	p, err := NewPSKSecret(h, psk)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// R17: what is missing or zero never becomes a key.
func TestR17NoStageBeginsWithoutSecret(t *testing.T) {
	for _, psk := range [][]byte{nil, {}, {0}, make([]byte, 32), make([]byte, 300)} {
		if p, err := NewPSKSecret(crypto.SHA256, psk); err != ErrNoSecret || p != nil {
			t.Errorf("a pre-shared key of %d zeros: %v, %v", len(psk), p, err)
		}
	}
	early := NewEarlySecret(crypto.SHA256)
	psk := newPSKSecretForTest(t, crypto.SHA256, count(1, 16))
	for _, shared := range [][]byte{nil, {}, count(1, 31), make([]byte, 32), make([]byte, 48), make([]byte, 64)} {
		if h, err := early.HandshakeSecret(shared); err != ErrNoSecret || h != nil {
			t.Errorf("shared secret %x: %v, %v", shared, h, err)
		}
		if h, err := psk.HandshakeSecret(shared); err != ErrNoSecret || h != nil {
			t.Errorf("shared secret %x with a pre-shared key: %v, %v", shared, h, err)
		}
	}
	// A refusal leaves the stage as it was.
	for _, stage := range []interface {
		HandshakeSecret([]byte) (*HandshakeSecret, error)
	}{early, psk} {
		if _, err := stage.HandshakeSecret(count(1, 32)); err != nil {
			t.Error(err)
		}
	}
}

// R17: a stage that was left, wiped or never begun gives nothing.
func TestR17NothingIsDerivedFromAWipedStage(t *testing.T) {
	hash, shared := count(0, 32), count(1, 32)
	s := Lookup13(0x1301)
	begin := func() *HandshakeSecret {
		h, err := NewEarlySecret(crypto.SHA256).HandshakeSecret(shared)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	tests := []struct {
		name string
		do   func()
	}{
		{"early stage, left", func() {
			early := NewEarlySecret(crypto.SHA256)
			early.HandshakeSecret(shared)
			early.HandshakeSecret(shared)
		}},
		{"pre-shared key, left", func() {
			p := newPSKSecretForTest(t, crypto.SHA256, count(1, 16))
			p.HandshakeSecretWithoutExchange()
			p.Binder(ExternalPSK, hash)
		}},
		{"pre-shared key, wiped", func() {
			p := newPSKSecretForTest(t, crypto.SHA256, count(1, 16))
			p.Wipe()
			p.HandshakeSecretWithoutExchange()
		}},
		{"handshake, left", func() {
			h := begin()
			h.MasterSecret()
			h.ClientTraffic(hash)
		}},
		{"handshake, wiped", func() {
			h := begin()
			h.Wipe()
			h.MasterSecret()
		}},
		{"master secret, wiped", func() {
			m := begin().MasterSecret()
			m.Wipe()
			m.Exporter(hash)
		}},
		{"early stage, never begun", func() { new(EarlySecret).HandshakeSecret(shared) }},
		{"handshake, never begun", func() { new(HandshakeSecret).MasterSecret() }},
		{"master secret, never begun", func() { new(MasterSecret).ServerTraffic(hash) }},
		{"kind of pre-shared key, none", func() { newPSKSecretForTest(t, crypto.SHA256, count(1, 16)).Binder(0, hash) }},
		{"transcript, not hashed", func() { begin().ClientTraffic(nil) }},
		{"traffic secret, wiped", func() {
			secret := begin().ClientTraffic(hash)
			secret.Wipe()
			s.TrafficKeys(secret)
		}},
		{"traffic secret of zeros", func() { s.NextTraffic(make(Secret, 32)) }},
		{"traffic secret of another hash", func() { s.NextTraffic(count(1, 48)) }},
		{"Finished from zeros", func() { s.VerifyData(make(Secret, 32), hash) }},
		{"ticket from nothing", func() { s.TicketPSK(nil, nil) }},
		{"exporter from nothing", func() { s.Exporter(nil, "EXPORTER-test", nil, 20) }},
	}
	for _, tt := range tests {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: something was derived", tt.name)
				}
			}()
			tt.do()
		}()
	}
}

func TestWipeOverwritesTheSecret(t *testing.T) {
	secret := Secret(count(1, 32))
	copied := secret[:]
	secret.Wipe()
	if secret != nil || !allZero(copied) {
		t.Errorf("after Wipe it is %x, and its memory %x", []byte(secret), []byte(copied))
	}
	h, err := NewEarlySecret(crypto.SHA256).HandshakeSecret(count(1, 32))
	if err != nil {
		t.Fatal(err)
	}
	inside := h.secret[:]
	h.MasterSecret()
	if !allZero(inside) {
		t.Error("the step to the master secret leaves the handshake secret in memory")
	}
}

func BenchmarkKeySchedule(b *testing.B) {
	for _, s := range Default13()[:2] {
		hash, shared := count(0, s.Hash.Size()), count(32, 32)
		b.Run(s.Hash.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h, err := NewEarlySecret(s.Hash).HandshakeSecret(shared)
				if err != nil {
					b.Fatal(err)
				}
				for _, secret := range []Secret{h.ClientTraffic(hash), h.ServerTraffic(hash)} {
					_, finished := s.HandshakeKeys(secret)
					s.VerifyData(finished, hash)
				}
				m := h.MasterSecret()
				s.TrafficKeys(m.ClientTraffic(hash))
				s.TrafficKeys(m.ServerTraffic(hash))
				m.Exporter(hash)
				m.Resumption(hash)
			}
		})
	}
}
