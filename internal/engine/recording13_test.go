package engine_test

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A playback follows a recorded association of others, of which the key log is
// known: it opens every record, puts the messages together, and checks what each
// side proves.
type playback struct {
	*testing.T
	suite    *suite.Suite13
	taps     [2]*wiretap
	log      []string
	partial  [2]map[uint16][]byte // bodies under way, by message_seq
	have     [2]map[uint16]int
	next     [2]uint16
	messages []played
	keys     [2]crypto.PublicKey // of the certificates
	finished [2]bool
	verified [2]bool
	updates  [2]int
	said     [2][]string
	psk      []byte // external; nil for none
}

// A played is a message of a recording.
type played struct {
	from engine.Side
	typ  wire.HandshakeType
	body []byte
	cut  int // bytes at its end that do not count now
}

func (p *played) retry() bool {
	hello, err := wire.ParseServerHello(p.body)
	return p.typ == wire.TypeServerHello && err == nil && hello.IsHelloRetryRequest()
}

// transcript returns the hash of all messages so far.
//
// RFC 8446, Section 4.4.1.
func (p *playback) transcript() []byte {
	var all []byte
	for _, m := range p.messages {
		if m.retry() {
			h := p.suite.Hash.New()
			h.Write(all)
			all = suite.AppendMessageHash(nil, h.Sum(nil))
		}
		all = append(wire.AppendMessageHeader13(all, m.typ, len(m.body)), m.body[:len(m.body)-m.cut]...)
	}
	h := p.suite.Hash.New()
	h.Write(all)
	return h.Sum(nil)
}

func (p *playback) datagram(from engine.Side, b []byte) {
	p.Helper()
	for len(b) > 0 {
		if wire.RecordKindOf(b[0]) == wire.RecordUnified {
			o, rest, err := p.taps[from].open(b)
			if err != nil {
				p.Fatalf("%v sends %v", from, err)
			}
			p.content(from, o.typ, o.epoch, o.content)
			b = rest
			continue
		}
		r, rest, err := wire.ParseRecord(b)
		if err != nil || r.Epoch != 0 {
			p.Fatalf("%v sends a record of epoch %d: %v", from, r.Epoch, err)
		}
		p.content(from, r.Type, 0, r.Payload)
		b = rest
	}
}

func (p *playback) content(from engine.Side, typ wire.ContentType, epoch uint16, content []byte) {
	p.Helper()
	switch typ {
	case wire.ContentHandshake:
		for len(content) > 0 {
			f, rest, err := wire.ParseFragment(content)
			if err != nil {
				p.Fatal(err)
			}
			p.fragment(from, f)
			content = rest
		}
	case wire.ContentApplicationData:
		p.said[from] = append(p.said[from], string(content))
	case wire.ContentACK:
		if _, err := wire.ParseACK(content); err != nil {
			p.Error(err)
		}
	case wire.ContentAlert:
		if alert, err := wire.ParseAlert(content); err != nil || alert.Description != wire.AlertCloseNotify {
			p.Errorf("alert %v of the %v: %v", alert, from, err)
		}
	default:
		p.Errorf("%v in epoch %d", typ, epoch)
	}
}

func (p *playback) fragment(from engine.Side, f wire.Fragment) {
	if f.Seq < p.next[from] {
		return
	}
	if p.partial[from][f.Seq] == nil {
		p.partial[from][f.Seq] = make([]byte, f.Length)
	}
	p.have[from][f.Seq] += copy(p.partial[from][f.Seq][f.Offset:], f.Body)
	if f.Seq == p.next[from] && p.have[from][f.Seq] >= int(f.Length) {
		p.next[from]++
		p.message(played{from: from, typ: f.Type, body: p.partial[from][f.Seq]})
	}
}

func (p *playback) message(m played) {
	switch m.typ {
	case wire.TypeServerHello:
		hello, err := wire.ParseServerHello(m.body)
		if err != nil {
			p.Fatal(err)
		}
		p.suite = suite.Lookup13(hello.CipherSuite)
		for _, tap := range p.taps {
			tap.suite = p.suite
		}
		if p.psk != nil && !m.retry() {
			p.checkPSK(hello, m)
		}
	case wire.TypeCertificate:
		p.certificate(m)
	case wire.TypeCertificateVerify:
		verify, err := wire.ParseCertificateVerify(m.body)
		if err != nil {
			p.Fatal(err)
		}
		if err := suite.Verify13(p.keys[m.from], verify.Scheme, m.from == engine.Client, p.transcript(), verify.Signature); err != nil {
			p.Errorf("certificate_verify of the %v: %v", m.from, err)
		}
		p.verified[m.from] = true
	case wire.TypeFinished:
		traffic := secretOf(p.log, p.taps[m.from].labels[0])
		_, key := p.suite.HandshakeKeys(traffic)
		if want := p.suite.VerifyData(key, p.transcript()); !bytes.Equal(m.body, want) {
			p.Errorf("finished of the %v is %x, want %x", m.from, m.body, want)
		}
		p.finished[m.from] = true
	case wire.TypeKeyUpdate:
		p.updates[m.from]++
	}
	p.messages = append(p.messages, m)
}

// checkPSK checks the binder of the hello before m and, where there is no other
// key exchange, that the key leads to what is in the key log.
//
// RFC 8446, Section 4.2.11.2.
func (p *playback) checkPSK(hello wire.ServerHello, m played) {
	secret, err := suite.NewPSKSecret(p.suite.Hash, p.psk)
	if err != nil {
		p.Fatal(err)
	}
	last := len(p.messages) - 1
	body := p.messages[last].body
	offer, err := wire.ParseClientHello(body)
	if err != nil {
		p.Fatal(err)
	}
	ext, err := wire.ParseClientExtensions13(offer.Extensions)
	if err != nil {
		p.Fatal(err)
	}
	p.messages[last].cut = ext.PreSharedKey.BindersLen()
	want := secret.Binder(suite.ExternalPSK, p.transcript())
	p.messages[last].cut = 0
	for binder := range ext.PreSharedKey.Binders.All() {
		if !bytes.Equal(binder, want) {
			p.Errorf("binder %x, want %x", binder, want)
		}
	}
	answer, err := wire.ParseServerExtensions13(wire.InServerHello13, hello.Extensions)
	if err != nil || answer.KeyShare.Group != 0 {
		return
	}
	handshake := secret.HandshakeSecretWithoutExchange()
	p.messages = append(p.messages, m)
	sum := p.transcript()
	p.messages = p.messages[:last+1]
	for side, traffic := range []suite.Secret{handshake.ClientTraffic(sum), handshake.ServerTraffic(sum)} {
		if want := secretOf(p.log, p.taps[side].labels[0]); !bytes.Equal(traffic, want) {
			p.Errorf("the key leads to %x, want %x", traffic, want)
		}
	}
}

func (p *playback) certificate(m played) {
	certificate, err := wire.ParseCertificate13(m.body)
	if err != nil || len(certificate.Entries) == 0 {
		p.Fatalf("%d certificates: %v", len(certificate.Entries), err)
	}
	if p.keys[m.from], err = engine.LeafKey(certificate.Entries[0].Data); err != nil {
		p.Fatal(err)
	}
}

// newPlayback starts an association that a client began with that random.
func newPlayback(t *testing.T, random string, log []string, cidLens [2]int) *playback {
	p := &playback{T: t, log: log}
	p.log = slices.DeleteFunc(slices.Clone(log), func(line string) bool { return !strings.Contains(line, " "+random+" ") })
	for side, labels := range [][2]string{engine.Client: clientLabels, engine.Server: serverLabels} {
		p.taps[side] = &wiretap{cidLen: cidLens[side], lines: p.log, labels: labels}
		p.partial[side] = map[uint16][]byte{}
		p.have[side] = map[uint16]int{}
	}
	return p
}

// check fails unless both sides proved themselves, and said what they were to
// say.
func (p *playback) check(want []string, updates bool) {
	p.Helper()
	if !p.finished[engine.Client] || !p.finished[engine.Server] {
		p.Errorf("finished: %v", p.finished)
	}
	for side := range p.said {
		if !slices.Equal(p.said[side], want) {
			p.Errorf("%v says %q, want %q", engine.Side(side), p.said[side], want)
		}
		if updates != (p.updates[side] > 0) {
			p.Errorf("%v updates its keys %d times", engine.Side(side), p.updates[side])
		}
		if (p.keys[side] != nil) != p.verified[side] {
			p.Errorf("%v has a certificate: %v; proves it: %v", engine.Side(side), p.keys[side] != nil, p.verified[side])
		}
	}
}

var (
	quoted = regexp.MustCompile(`"([^"]*)"`)
	hexKey = regexp.MustCompile(`^PSK ([0-9a-f]+)`)
	hexIDs = regexp.MustCompile(`client sends with ([0-9a-f]+), the server with ([0-9a-f]+)`)
)

func TestRecordingsOfOthersOpenAndProveThemselves(t *testing.T) {
	files, err := filepath.Glob("testdata/recordings/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d recordings: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { replayRecording(t, file) })
	}
}

func replayRecording(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var psk []byte
	var plaintexts, log []string
	var cidLens [2]int
	var all []*playback
	var random string
	for line := range strings.Lines(string(text)) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case kind == "#" && strings.HasPrefix(rest, "application data"):
			words, _, _ := strings.Cut(rest, "the server")
			for _, match := range quoted.FindAllStringSubmatch(words, -1) {
				plaintexts = append(plaintexts, match[1])
			}
		case kind == "#":
			if match := hexKey.FindStringSubmatch(rest); match != nil {
				psk, _ = hex.DecodeString(match[1])
			}
			if match := hexIDs.FindStringSubmatch(rest); match != nil {
				cidLens = [2]int{len(match[1]) / 2, len(match[2]) / 2}
			}
		case kind == "K":
			log = append(log, rest)
		default:
			datagram, err := hex.DecodeString(rest)
			if err != nil {
				t.Fatal(err)
			}
			if r, ok := randomOf(datagram); ok && kind == ">" && r != random {
				random = r
				all = append(all, newPlayback(t, random, log, cidLens))
				all[len(all)-1].psk = psk
			}
			from := engine.Client
			if kind == "<" {
				from = engine.Server
			}
			all[len(all)-1].datagram(from, datagram)
		}
	}
	for _, p := range all {
		p.check(plaintexts, strings.Contains(file, "keyupdate"))
	}
	if want := 1 + strings.Count(file, "resumption"); len(all) != want {
		t.Errorf("%d associations, want %d", len(all), want)
	}
}

// randomOf returns the random of a ClientHello with which a datagram begins.
func randomOf(datagram []byte) (string, bool) {
	r, _, err := wire.ParseRecord(datagram)
	if err != nil || r.Type != wire.ContentHandshake || r.Epoch != 0 {
		return "", false
	}
	f, _, err := wire.ParseFragment(r.Payload)
	if err != nil || f.Type != wire.TypeClientHello || f.Offset > 0 || len(f.Body) < 34 {
		return "", false
	}
	return hex.EncodeToString(f.Body[2:34]), true
}
