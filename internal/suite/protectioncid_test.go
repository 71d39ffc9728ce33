package suite

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/dtlsd/dtlsd/internal/wire"
)

func parseCIDRecord(t testing.TB, b []byte, cidLen int) wire.CIDRecord {
	t.Helper()
	r, rest, err := wire.ParseCIDRecord(bytes.Clone(b), cidLen)
	if err != nil || len(rest) != 0 {
		t.Fatalf("%x is not one record: %v, %d bytes left", b, err, len(rest))
	}
	return r
}

// An outline is the record of sequence number 0x010203040506 in epoch 1 with
// connection ID c1c2c3 under testKeys, made without what is under test.
type outline struct {
	*Suite
	encryptThenMAC bool
	inner          []byte // DTLSInnerPlaintext
	iv             []byte // in CBC mode
}

func (o outline) header(n int) []byte {
	return binary.BigEndian.AppendUint16([]byte("\x19\xfe\xfd\x00\x01\x01\x02\x03\x04\x05\x06\xc1\xc2\xc3"), uint16(n))
}

// additional is what RFC 9146, Section 5 authenticates besides the content.
func (o outline) additional(n int) []byte {
	fixed := []byte("\xff\xff\xff\xff\xff\xff\xff\xff\x19\x03\x19\xfe\xfd\x00\x01\x01\x02\x03\x04\x05\x06\xc1\xc2\xc3")
	return binary.BigEndian.AppendUint16(fixed, uint16(n))
}

func (o outline) record(t testing.TB) []byte {
	t.Helper()
	payload := o.block
	switch o.bulk.mode {
	case modeChaCha:
		payload = o.chaCha
	case modeGCM, modeCCM:
		payload = o.explicit
	}
	b := payload(t)
	return append(o.header(len(b)), b...)
}

func (o outline) explicit(t testing.TB) []byte {
	block, err := aes.NewCipher(testKeys(o.Suite)[:o.bulk.key])
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if o.bulk.mode == modeCCM {
		aead, err = NewCCM(block, o.bulk.tag)
	}
	if err != nil {
		t.Fatal(err)
	}
	number := []byte("\x00\x01\x01\x02\x03\x04\x05\x06")
	nonce := slices.Concat(testKeys(o.Suite)[o.bulk.key:], number)
	return append(number, aead.Seal(nil, nonce, o.inner, o.additional(len(o.inner)))...)
}

func (o outline) chaCha(t testing.TB) []byte {
	aead, err := chacha20poly1305.New(testKeys(o.Suite)[:32])
	if err != nil {
		t.Fatal(err)
	}
	nonce := testKeys(o.Suite)[32:]
	for i, v := range []byte("\x00\x01\x01\x02\x03\x04\x05\x06") {
		nonce[4+i] ^= v
	}
	return aead.Seal(nil, nonce, o.inner, o.additional(len(o.inner)))
}

func (o outline) block(t testing.TB) []byte {
	keys := testKeys(o.Suite)
	mac := hmac.New(o.Hash.New, keys[:o.bulk.macKey])
	block, err := aes.NewCipher(keys[o.bulk.macKey:][:o.bulk.key])
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Clone(o.inner)
	if !o.encryptThenMAC {
		mac.Write(o.additional(len(o.inner)))
		mac.Write(o.inner)
		body = mac.Sum(body)
	}
	padding := 16 - len(body)%16
	body = append(body, bytes.Repeat([]byte{byte(padding - 1)}, padding)...)
	cipher.NewCBCEncrypter(block, o.iv).CryptBlocks(body, body)
	b := append(bytes.Clone(o.iv), body...)
	if o.encryptThenMAC {
		mac.Write(o.additional(len(b)))
		mac.Write(b)
		b = mac.Sum(b)
	}
	return b
}

const outlineSeq = 0x010203040506

var outlineCID = []byte{0xc1, 0xc2, 0xc3}

// sketch returns the outline that p makes and takes records of.
func sketch(s *Suite, p *Protection, inner []byte) outline {
	c := p.cbc
	return outline{Suite: s, encryptThenMAC: c != nil && c.encryptThenMAC, inner: inner, iv: count(0xa0, 16)}
}

func TestRecordsWithCIDAreThoseOfRFC9146(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		plaintext := []byte("I am NAME, please, accept our ping 7")
		o := sketch(s, p, append(bytes.Clone(plaintext), byte(wire.ContentApplicationData)))
		typ, got, err := p.OpenCID(parseCIDRecord(t, o.record(t), 3))
		if err != nil || typ != wire.ContentApplicationData || !bytes.Equal(got, plaintext) {
			t.Errorf("opened %v %q, %v", typ, got, err)
		}
		sealed := p.SealCID(nil, wire.ContentApplicationData, 1, outlineSeq, outlineCID, plaintext)
		if s.CBC() {
			o.iv = sealed[16:32]
		}
		if want := o.record(t); !bytes.Equal(sealed, want) {
			t.Errorf("sealed %x, want %x", sealed, want)
		}
	})
}

func TestOpenCIDReturnsWhatWasSealed(t *testing.T) {
	eachProtection(t, func(t *testing.T, _ *Suite, p *Protection) {
		for n := range 300 {
			roundTripCID(t, p, count(0xc0, 1+n%20), count(byte(n), n))
		}
		for _, n := range []int{1200, 1201, 4096, wire.MaxPlaintext - 2, wire.MaxPlaintext - 1} {
			roundTripCID(t, p, count(0, 255), count(byte(n), n))
		}
	})
}

func roundTripCID(t *testing.T, p *Protection, cid, plaintext []byte) {
	t.Helper()
	const prefix = "datagram so far"
	original := bytes.Clone(plaintext)
	sealed := p.SealCID([]byte(prefix), wire.ContentHandshake, 3, wire.MaxRecordSeq, cid, plaintext)
	if !bytes.Equal(plaintext, original) {
		t.Fatalf("SealCID changed its plaintext of %d bytes", len(plaintext))
	}
	if string(sealed[:len(prefix)]) != prefix {
		t.Fatalf("SealCID changed what it appends to: %q", sealed[:len(prefix)])
	}
	sealed = sealed[len(prefix):]
	if added := len(sealed) - len(plaintext) - wire.RecordHeaderLen - len(cid) - 1; added > p.Overhead() || added < 0 {
		t.Fatalf("%d bytes grew by %d, overhead is %d", len(plaintext), added, p.Overhead())
	}
	// With and without room for all of the record.
	if got := p.SealCID(make([]byte, 0, 1<<15), wire.ContentHandshake, 3, wire.MaxRecordSeq, cid, plaintext); !bytes.Equal(got, sealed) {
		t.Fatalf("with more room SealCID makes %x out of %x", got, plaintext)
	}
	r := parseCIDRecord(t, sealed, len(cid))
	if r.Version != wire.VersionDTLS12 || r.Epoch != 3 || r.Seq != wire.MaxRecordSeq || !bytes.Equal(r.CID, cid) {
		t.Fatalf("header is %v %d %d %x", r.Version, r.Epoch, r.Seq, r.CID)
	}
	typ, opened, err := p.OpenCID(r)
	if err != nil || typ != wire.ContentHandshake || !bytes.Equal(opened, plaintext) {
		t.Fatalf("opening %d bytes: %v %x, %v", len(plaintext), typ, opened, err)
	}
	if len(opened) > 0 && !inside(opened, r.Payload) {
		t.Fatal("the content does not lie inside the payload")
	}
}

func TestOpenCIDRefusesEveryChange(t *testing.T) {
	eachProtection(t, func(t *testing.T, _ *Suite, p *Protection) {
		sealed := p.SealCID(nil, wire.ContentApplicationData, 1, outlineSeq, outlineCID, count(0, 40))
		for i := 1; i < len(sealed); i++ {
			if i == 14 || i == 15 {
				continue // the length is checked by what follows
			}
			for bit := range 8 {
				changed := bytes.Clone(sealed)
				changed[i] ^= 1 << bit
				if typ, got, err := p.OpenCID(parseCIDRecord(t, changed, 3)); err != ErrOpen {
					t.Errorf("byte %d changed from %02x to %02x: opened %v %x, %v", i, sealed[i], changed[i], typ, got, err)
				}
			}
		}
		for n := range len(sealed) - 16 {
			r := parseCIDRecord(t, sealed, 3)
			r.Payload = r.Payload[:n]
			if typ, got, err := p.OpenCID(r); err != ErrOpen {
				t.Errorf("payload cut to %d bytes: opened %v %x, %v", n, typ, got, err)
			}
		}
		for _, cid := range [][]byte{nil, outlineCID[:2], append(bytes.Clone(outlineCID), 0), {0xc1, 0xc2, 0xc4}} {
			r := parseCIDRecord(t, sealed, 3)
			r.CID = cid
			if typ, got, err := p.OpenCID(r); err != ErrOpen {
				t.Errorf("connection ID %x: opened %v %x, %v", cid, typ, got, err)
			}
		}
		if _, _, err := p.OpenCID(parseCIDRecord(t, sealed, 3)); err != nil {
			t.Errorf("after all that the record itself does not open: %v", err)
		}
	})
}

func TestRecordsOfOneFormDoNotOpenAsTheOther(t *testing.T) {
	eachProtection(t, func(t *testing.T, _ *Suite, p *Protection) {
		plain := parseRecord(t, p.Seal(nil, wire.ContentApplicationData, 1, 7, count(1, 40)))
		for _, cid := range [][]byte{nil, outlineCID} {
			r := wire.CIDRecord{Version: plain.Version, Epoch: 1, Seq: 7, CID: cid, Payload: bytes.Clone(plain.Payload)}
			if typ, got, err := p.OpenCID(r); err != ErrOpen {
				t.Errorf("a plain record opens with connection ID %x: %v %x, %v", cid, typ, got, err)
			}
		}
		with := parseCIDRecord(t, p.SealCID(nil, wire.ContentApplicationData, 1, 7, outlineCID, count(1, 40)), 3)
		for _, typ := range []wire.ContentType{wire.ContentCID, wire.ContentApplicationData} {
			r := wire.Record{Type: typ, Version: with.Version, Epoch: 1, Seq: 7, Payload: bytes.Clone(with.Payload)}
			if got, err := p.Open(r); err != ErrOpen {
				t.Errorf("a record with a connection ID opens as plain %v: %x, %v", typ, got, err)
			}
		}
	})
}

func TestPaddingIsTakenAway(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		for _, content := range []string{"", "x", "ends in zeroes\x00\x00"} {
			for _, padding := range []int{0, 1, 15, 16, 255, 1000} {
				inner := wire.AppendInnerPlaintext(nil, []byte(content), wire.ContentAlert, padding)
				typ, got, err := p.OpenCID(parseCIDRecord(t, sketch(s, p, inner).record(t), 3))
				if err != nil || typ != wire.ContentAlert || string(got) != content {
					t.Errorf("%q and %d zeroes: %v %q, %v", content, padding, typ, got, err)
				}
			}
		}
	})
}

// That there is no type in it is known only of a record that authenticates.
func TestRecordWithoutContentTypeIsAnError(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		for _, n := range []int{0, 1, 100} {
			record := sketch(s, p, make([]byte, n)).record(t)
			if typ, got, err := p.OpenCID(parseCIDRecord(t, record, 3)); err != ErrNoContentType {
				t.Errorf("%d zeroes: %v %x, %v", n, typ, got, err)
			}
			record[len(record)-1] ^= 1
			if typ, got, err := p.OpenCID(parseCIDRecord(t, record, 3)); err != ErrOpen {
				t.Errorf("%d zeroes with a wrong end: %v %x, %v", n, typ, got, err)
			}
		}
	})
}

// R10: the two forms have one space of numbers, and so of nonces.
func TestR10FormsShareTheirNonces(t *testing.T) {
	eachProtection(t, func(t *testing.T, s *Suite, p *Protection) {
		n := p.nonceLen()
		for _, seq := range []uint64{0, 1, wire.MaxRecordSeq} {
			plain := parseRecord(t, p.Seal(nil, wire.ContentAlert, 1, seq, []byte("x"))).Payload[:n]
			with := parseCIDRecord(t, p.SealCID(nil, wire.ContentAlert, 1, seq, outlineCID, []byte("x")), 3).Payload[:n]
			if !bytes.Equal(plain, with) {
				t.Errorf("record %d: %x without connection ID, %x with", seq, plain, with)
			}
		}
	})
}

func TestAEADsWithCIDDoNotAllocate(t *testing.T) {
	for _, s := range Default() {
		p := newTestProtection(t, s, false)
		for _, n := range []int{0, 64, 1200} {
			plaintext, datagram := make([]byte, n), make([]byte, 0, 2048)
			var seq uint64
			if allocs := testing.AllocsPerRun(100, func() {
				seq++
				sealed := p.SealCID(datagram, wire.ContentApplicationData, 1, seq, outlineCID, plaintext)
				r, _, err := wire.ParseCIDRecord(sealed, 3)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := p.OpenCID(r); err != nil {
					t.Fatal(err)
				}
				r.Payload[len(r.Payload)-1] ^= 1
				if _, _, err := p.OpenCID(r); err != ErrOpen {
					t.Fatal(err)
				}
			}); allocs != 0 {
				t.Errorf("%v, %d bytes: %v allocations", s, n, allocs)
			}
		}
	}
}

// Whatever arrives, OpenCID answers with content that seals again or with one
// of its errors, and goes on working.
func FuzzOpenCID(f *testing.F) {
	for i, s := range All() {
		for _, etm := range []bool{false, true} {
			p := newTestProtection(f, s, etm)
			sealed := p.SealCID(nil, wire.ContentApplicationData, 1, outlineSeq, outlineCID, count(0, 33))
			f.Add(uint8(i), etm, uint16(1), uint64(outlineSeq), outlineCID, sealed[16:])
			zeroes := sketch(s, p, make([]byte, 20)).record(f)
			f.Add(uint8(i), etm, uint16(1), uint64(outlineSeq), outlineCID, zeroes[16:])
			f.Add(uint8(i), etm, uint16(0), uint64(0), []byte{}, make([]byte, 16*(i%8)))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, etm bool, epoch uint16, seq uint64, cid, payload []byte) {
		s := All()[int(which)%len(All())]
		p := newTestProtection(t, s, etm)
		cid = cid[:min(len(cid), 255)]
		r := wire.CIDRecord{
			Version: wire.VersionDTLS12, Epoch: epoch, Seq: seq & wire.MaxRecordSeq,
			CID: cid, Payload: bytes.Clone(payload),
		}
		typ, content, err := p.OpenCID(r)
		switch {
		case err != nil && err != ErrOpen && err != ErrNoContentType:
			t.Fatalf("unexpected error %v", err)
		case err == nil && len(content) > 0 && !inside(content, r.Payload):
			t.Fatal("the content does not lie inside the payload")
		}
		if err != nil || len(content) > wire.MaxPlaintext || len(cid) == 0 {
			return
		}
		content = bytes.Clone(content)
		sealed := p.SealCID(nil, typ, r.Epoch, r.Seq, cid, content)
		again, same, err := p.OpenCID(parseCIDRecord(t, sealed, len(cid)))
		if err != nil || again != typ || !bytes.Equal(same, content) {
			t.Fatalf("%v %x does not survive sealing: %v %x, %v", typ, content, again, same, err)
		}
	})
}

func BenchmarkSealCID(b *testing.B) {
	for _, s := range benchmarked() {
		for _, n := range []int{64, 256, 1200} {
			b.Run(fmt.Sprintf("%s/%d", s.OpenSSLName, n), func(b *testing.B) {
				p := newTestProtection(b, s, true)
				plaintext := make([]byte, n)
				dst, cid := make([]byte, 0, 2048), count(1, 8)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for seq := uint64(0); b.Loop(); seq++ {
					p.SealCID(dst, wire.ContentApplicationData, 1, seq, cid, plaintext)
				}
			})
		}
	}
}

func BenchmarkOpenCID(b *testing.B) {
	for _, s := range benchmarked() {
		for _, n := range []int{64, 256, 1200} {
			b.Run(fmt.Sprintf("%s/%d", s.OpenSSLName, n), func(b *testing.B) {
				p := newTestProtection(b, s, true)
				sealed := p.SealCID(nil, wire.ContentApplicationData, 1, 1, count(1, 8), make([]byte, n))
				datagram := make([]byte, len(sealed))
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					copy(datagram, sealed)
					r, _, err := wire.ParseCIDRecord(datagram, 8)
					if err != nil {
						b.Fatal(err)
					}
					if _, _, err := p.OpenCID(r); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
