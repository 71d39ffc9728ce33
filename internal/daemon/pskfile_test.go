package daemon

import (
	"bytes"
	"strings"
	"testing"
)

func TestParsePSK(t *testing.T) {
	tests := []struct {
		text     string
		identity string
		any      bool
		key      string
	}{
		{"alice:1a2b3c4d5e6f", "alice", false, "\x1a\x2b\x3c\x4d\x5e\x6f"},
		{"Alice (clone number 0):1A2B", "Alice (clone number 0)", false, "\x1a\x2b"},
		{"urn:dev:1:00", "urn:dev:1", false, "\x00"},
		{":00", "", false, "\x00"},
		{"*:00", "", true, "\x00"},
		{"#2a:00", "*", false, "\x00"},
		{"#616c696365:00", "alice", false, "\x00"},
		{"#00ff3a0a:0102", "\x00\xff:\n", false, "\x01\x02"},
		{"Müller:00", "Müller", false, "\x00"},
		{"\x00\xff:00", "\x00\xff", false, "\x00"},
	}
	for _, tt := range tests {
		p, err := ParsePSK([]byte(tt.text))
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if string(p.Identity) != tt.identity || p.Any != tt.any || string(p.Key) != tt.key {
			t.Errorf("%q: got %+v", tt.text, p)
		}
	}
}

func TestParsePSKRefusesAndNeverShowsTheText(t *testing.T) {
	tests := []struct{ text, want string }{
		{"5ec2e7", "no colon"},
		{"", "no colon"},
		{"5ec2e7:", "the key is empty"},
		{"5ec2e7:5ec2e", "odd number"},
		{"5ec2e7:5ec2e7zz", "not hexadecimal"},
		{"5ec2e7:0x5ec2e7", "not hexadecimal"},
		{"5ec2e7:5e c2 e7 ", "not hexadecimal"},
		{"*:5ec2e", "odd number"},
		{"#5ec2e7:5ec2e7zz", "not hexadecimal"},
		{strings.Repeat("x", MaxIdentity+1) + ":5ec2e7", "257 bytes"},
		{"5ec2e7:" + strings.Repeat("00", MaxKey+1), "513 bytes"},
	}
	for _, tt := range tests {
		_, err := ParsePSK([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40q: got %v, want %q", tt.text, err, tt.want)
			continue
		}
		if strings.Contains(err.Error()+hintOf(err), "5ec2e") {
			t.Errorf("%.40q: the error shows what may be a secret: %v", tt.text, err)
		}
	}
}

func TestR18IdentitiesUpTo256BytesAreTakenWhole(t *testing.T) {
	identity := strings.Repeat("\x00", MaxIdentity)
	p, err := ParsePSK([]byte(identity + ":00"))
	if err != nil || string(p.Identity) != identity {
		t.Errorf("got %d bytes, %v", len(p.Identity), err)
	}
}

func TestPSKIsWrittenSoThatEveryReaderFindsItAgain(t *testing.T) {
	tests := []struct {
		psk  PSK
		want string
	}{
		{PSK{Identity: []byte("alice"), Key: []byte{1, 0xab}}, "alice:01ab"},
		{PSK{Identity: []byte("a b"), Key: []byte{1}}, "a b:01"},
		{PSK{Identity: nil, Key: []byte{1}}, ":01"},
		{PSK{Any: true, Key: []byte{1}}, "*:01"},
		{PSK{Identity: []byte("*"), Key: []byte{1}}, "#2a:01"},
		{PSK{Identity: []byte("#1"), Key: []byte{1}}, "#2331:01"},
		{PSK{Identity: []byte("a:b"), Key: []byte{1}}, "#613a62:01"},
		{PSK{Identity: []byte(" a"), Key: []byte{1}}, "#2061:01"},
		{PSK{Identity: []byte("a "), Key: []byte{1}}, "#6120:01"},
		{PSK{Identity: []byte("a\x00"), Key: []byte{1}}, "#6100:01"},
		{PSK{Identity: []byte("\xff"), Key: []byte{1}}, "#ff:01"},
	}
	for _, tt := range tests {
		if got := string(tt.psk.AppendTo(nil)); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.psk, got, tt.want)
		}
	}
}

func TestParsePSKFile(t *testing.T) {
	const file = "# made with psktool\n" +
		"\n" +
		"alice:0102\r\n" +
		"#note: not an identity\n" +
		"#\n" +
		"#626f62:0304  \n" +
		"  indented:05\n" +
		"*:06"
	psks, err := ParsePSKFile([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, p := range psks {
		got = append(p.AppendTo(got), '\n')
	}
	const want = "alice:0102\nbob:0304\n#2020696e64656e746564:05\n*:06\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestParsePSKFileNamesTheLine(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"no colon", "alice:00\nbob\n", "line 2: no colon"},
		{"bad key", "# keys\n\nalice:xy\n", "line 3: the key is not hexadecimal"},
		{"duplicate", "alice:00\nbob:01\nalice:02\n", "lines 1 and 3 are both about the identity 'alice'"},
		{"duplicate in another form", "alice:00\n#616c696365:00\n", "lines 1 and 2 are both about the identity 'alice'"},
		{"duplicate of any", "*:00\n*:01\n", "lines 1 and 2 are both about the identity '*'"},
		{"duplicate with an escape code", "\x1b[31m:00\n\x1b[31m:00\n", `'\x1b[31m'`},
		{"byte order mark", "\ufeffalice:00\n", "line 1: a byte order mark"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			psks, err := ParsePSKFile([]byte(tt.file))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v; want %q", psks, err, tt.want)
			}
		})
	}
}

func TestLiteralAsteriskIsNotAny(t *testing.T) {
	psks, err := ParsePSKFile([]byte("*:00\n#2a:01\n"))
	if err != nil || len(psks) != 2 || !psks[0].Any || psks[1].Any {
		t.Errorf("got %+v, %v", psks, err)
	}
}

func FuzzParsePSKFile(f *testing.F) {
	for _, seed := range []string{
		"alice:1a2b3c4d5e6f\n", "*:00\n#2a:01\n", "#616c696365:0102\n# comment\n\n",
		":00", "a:b:c:00\r\n", "alice:00\nalice:01\n", "\ufeffalice:00", "x:0\n", "#:00\n##:00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		psks, err := ParsePSKFile(file)
		if err != nil {
			return
		}
		var written []byte
		for _, p := range psks {
			written = append(p.AppendTo(written), '\n')
		}
		again, err := ParsePSKFile(written)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", file, written, err)
		}
		if len(again) != len(psks) {
			t.Fatalf("%d entries became %d", len(psks), len(again))
		}
		for i, p := range psks {
			q := again[i]
			if p.Any != q.Any || !bytes.Equal(p.Identity, q.Identity) || !bytes.Equal(p.Key, q.Key) {
				t.Fatalf("%+v became %+v", p, q)
			}
		}
	})
}
