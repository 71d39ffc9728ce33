package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

var (
	testTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	testPeer = netip.MustParseAddrPort("192.0.2.1:40000")
)

func entry(text string) dtls.Entry {
	return dtls.Entry{Time: testTime, Level: dtls.Warning, Kind: dtls.KindStarted, Peer: testPeer, Session: 5, Text: text}
}

func datagramOf(second int, plaintext string) dtls.Datagram {
	return dtls.Datagram{
		Time: testTime.Add(time.Duration(second) * time.Second), Session: 5, Peer: testPeer,
		Ciphertext: append([]byte{0x17}, plaintext...), Plaintext: []byte(plaintext),
	}
}

func TestLinesComeInTheirOrderWithWhatTheyAreAbout(t *testing.T) {
	l := newLines(PayloadsFull)
	l.log(entry("a line"))
	l.datagram(datagramOf(0, "hello"))
	l.tell(testTime, dtls.Info, "from the program")
	var b batch
	if next := l.read(&b, 1, 10); next != 4 || len(b.lines) != 3 || b.missed != 0 {
		t.Fatalf("next %d, %d lines, %d missed", next, len(b.lines), b.missed)
	}
	want := []any{
		LogLine{Seq: 1, Time: testTime, Type: "log", Level: "warning", Kind: "started", Peer: "192.0.2.1:40000", Session: 5, Text: "a line"},
		DatagramLine{Seq: 2, Time: testTime, Type: "datagram", Session: 5, Peer: "192.0.2.1:40000",
			Ciphertext: "1768656c6c6f", CiphertextSize: 6, Plaintext: "68656c6c6f", PlaintextSize: 5},
		LogLine{Seq: 3, Time: testTime, Type: "log", Level: "info", Kind: "daemon", Text: "from the program"},
	}
	for i := range want {
		if got := b.lines[i].view(); got != want[i] {
			t.Errorf("got  %+v\nwant %+v", got, want[i])
		}
	}
}

// The stream and the queries tell of a line in the same words.
func TestLineIsWrittenAsItsView(t *testing.T) {
	l := newLines(PayloadsFull)
	for _, text := range []string{"plain", `"quoted" \\`, "<b> & \u2028", "\x1b[31m\xff", "Grüße", ""} {
		e := entry(text)
		l.log(e)
		e.Peer, e.Session = netip.AddrPort{}, 0
		l.log(e)
		l.datagram(datagramOf(0, text))
		sent := datagramOf(0, text)
		sent.Sent = true
		l.datagram(sent)
	}
	var b batch
	l.read(&b, 1, maxLines)
	for i := range b.lines {
		want, err := json.Marshal(b.lines[i].view())
		if err != nil {
			t.Fatal(err)
		}
		if got := b.lines[i].appendJSON(nil); string(got) != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	var event LinesEvent
	b.missed = 7
	if err := json.Unmarshal(appendLinesEvent(nil, &b, 8), &event); err != nil || len(event.Lines) != len(b.lines) || event.Missed != 7 || event.Hidden != 8 {
		t.Errorf("%+v, %v", event, err)
	}
}

// A reader who comes late gets what there is and is told how much there is not.
func TestReaderIsToldWhatItMissed(t *testing.T) {
	l := newLines(PayloadsFull)
	const all = maxLines + 1000
	for i := range all {
		l.log(entry(fmt.Sprint(i)))
	}
	var (
		b         batch
		got, lost uint64
	)
	for next := uint64(1); ; {
		next = l.read(&b, next, 777)
		lost += b.missed
		for i := range b.lines {
			if want := fmt.Sprint(lost + got); b.lines[i].text != want || b.lines[i].seq != lost+got+1 {
				t.Fatalf("line %d is %q, want %q", b.lines[i].seq, b.lines[i].text, want)
			}
			got++
		}
		if len(b.lines) == 0 {
			break
		}
	}
	if got != maxLines || lost != 1000 {
		t.Errorf("got %d, missed %d", got, lost)
	}
}

// Payloads live in an arena of fixed size: the lines whose bytes are gone are
// gone, and those that are there have their own.
func TestPayloadsAreThoseOfTheirLine(t *testing.T) {
	l := newLines(PayloadsFull)
	l.watchers.Add(1)
	const all = 3000
	for i := range all {
		plaintext := strings.Repeat(string(rune('a'+i%26)), 1+i%shownBytes)
		l.datagram(datagramOf(i/(watchedRate/2), plaintext))
		if i%3 == 0 {
			l.log(entry("between"))
		}
	}
	first, next := l.bounds()
	if kept := int(next - first); kept < payloadBytes/(2*shownBytes+1) || kept >= all {
		t.Fatalf("%d lines are kept", kept)
	}
	var b batch
	l.read(&b, first, maxLines)
	if b.missed != 0 || b.lines[0].seq != first {
		t.Errorf("begins with %d instead of %d", b.lines[0].seq, first)
	}
	for i := range b.lines {
		d := &b.lines[i]
		if !d.isDatagram() {
			continue
		}
		if len(d.plaintext) != min(d.plaintextSize, shownBytes) || bytes.Count(d.plaintext, d.plaintext[:1]) != len(d.plaintext) || d.ciphertext[0] != 0x17 {
			t.Fatalf("line %d of %d bytes: %q", d.seq, d.plaintextSize, d.plaintext)
		}
	}
}

func TestDatagramsOverTheRateAreNotKept(t *testing.T) {
	for name, test := range map[string]struct {
		watchers int32
		kept     uint64
	}{
		"watched":   {1, watchedRate},
		"unwatched": {0, unwatchedRate},
	} {
		l := newLines(PayloadsFull)
		l.watchers.Add(test.watchers)
		for second := range 2 {
			for range watchedRate + 500 {
				l.datagram(datagramOf(second, "x"))
			}
		}
		_, next := l.bounds()
		if kept, shown := next-1, l.shown.Load(); kept != 2*test.kept || shown != kept {
			t.Errorf("%s: kept %d, shown %d", name, kept, shown)
		}
		if now := testTime.Add(time.Second); l.wants(now) || !l.wants(now.Add(time.Second)) {
			t.Errorf("%s: it wants more, or will never want more", name)
		}
	}
}

func TestPayloadsCanBeKeptFromThePage(t *testing.T) {
	l := newLines(PayloadsMeta)
	l.datagram(datagramOf(0, "a secret"))
	var b batch
	l.read(&b, 1, 1)
	if got := b.lines[0].view().(DatagramLine); got.Ciphertext != "" || got.Plaintext != "" || got.PlaintextSize != 8 || l.arena != nil {
		t.Errorf("%+v", got)
	}
}

// Those who serve sessions pay for a copy and for nothing else.
func TestWarmLinesDoNotAllocate(t *testing.T) {
	l := newLines(PayloadsFull)
	l.watchers.Add(1)
	for i := range maxLines {
		l.log(entry("warm"))
		l.datagram(datagramOf(i, "warm"))
	}
	e, d := entry("a line"), datagramOf(maxLines, "hello")
	if allocs := testing.AllocsPerRun(100, func() {
		l.log(e)
		l.datagram(d)
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestLinesAreFoundByWhatIsInThem(t *testing.T) {
	l := newLines(PayloadsFull)
	l.log(entry("Handshake of ALICE"))
	l.log(dtls.Entry{Time: testTime, Level: dtls.Error, Kind: dtls.KindFailed, Text: "failed"})
	l.datagram(datagramOf(0, "Temperature 21"))
	for query, want := range map[string]string{
		"":                                  "1 2 3",
		"q=alice":                           "1",
		"q=temperature":                     "3",
		"q=54+65+6d":                        "3", // hex of the plaintext
		"q=1754":                            "3", // of the ciphertext
		"q=nothing":                         "",
		"type=log":                          "1 2",
		"type=datagram":                     "3",
		"level=error":                       "2",
		"peer=192.0.2.1":                    "1 3",
		"peer=192.0.2.1&type=log&q=hand":    "1",
		"before=3":                          "1 2",
		"limit=2":                           "2 3",
		"limit=1&before=3&q=" + "handshake": "1",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		q, err := parseLineQuery(values)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, found := range l.find(&q) {
			switch found := found.(type) {
			case LogLine:
				got = append(got, fmt.Sprint(found.Seq))
			case DatagramLine:
				got = append(got, fmt.Sprint(found.Seq))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q finds %v, want %s", query, got, want)
		}
	}
}

func TestSenselessQueriesAreRefused(t *testing.T) {
	for _, query := range []string{"type=x", "level=fatal", "before=x", "limit=0", "limit=x", "limit=100000", "format=xml"} {
		values, _ := url.ParseQuery(query)
		if _, err := parseLineQuery(values); err == nil {
			t.Errorf("%s is taken", query)
		}
	}
}

func TestFindReadsThroughManyBatches(t *testing.T) {
	l := newLines(PayloadsFull)
	for i := range 5 * queryBatch {
		l.log(entry(fmt.Sprint("number ", i)))
	}
	q := lineQuery{text: "number 0", limit: 10}
	if found := l.find(&q); len(found) != 1 || found[0].(LogLine).Text != "number 0" {
		t.Errorf("%v", found)
	}
}
