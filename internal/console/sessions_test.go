package console

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

var testNow = time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)

// infoOf returns a session that is as old as its number in seconds, unless it
// is changed.
func infoOf(id int, change func(*dtls.SessionInfo)) dtls.SessionInfo {
	info := dtls.SessionInfo{
		ID:          uint64(id),
		Peer:        netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(id >> 16), byte(id >> 8), byte(id)}), 40000),
		Local:       netip.MustParseAddrPort("127.0.0.1:22334"),
		Established: true,
		Since:       testNow.Add(-time.Duration(id) * time.Second),
		LastActive:  testNow,
		State: dtls.ConnectionState{
			HandshakeComplete: true,
			Version:           dtls.VersionDTLS12,
			CipherSuite:       dtls.CipherSuite{OpenSSLName: "PSK-AES128-GCM-SHA256"},
			PSKIdentity:       fmt.Appendf(nil, "sensor-%d", id),
		},
	}
	if change != nil {
		change(&info)
	}
	return info
}

func certified(info *dtls.SessionInfo) {
	info.State.PSKIdentity = nil
	info.State.CipherSuite.OpenSSLName = "ECDHE-ECDSA-AES128-GCM-SHA256"
	info.State.PeerCertificates = []*x509.Certificate{{Subject: pkix.Name{CommonName: "Device"}}}
}

// parse returns a query that must be one.
func parse(t *testing.T, query string) sessionsQuery {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	q, err := parseSessionsQuery(values)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return q
}

func idsOf(p SessionsPage) []uint64 {
	ids := []uint64{}
	for _, s := range p.Sessions {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSessionsAreFilteredSortedAndPaged(t *testing.T) {
	infos := []dtls.SessionInfo{
		infoOf(3, func(i *dtls.SessionInfo) { i.Received, i.SentBytes, i.LastActive = 7, 1, testNow.Add(-time.Minute) }),
		infoOf(1, func(i *dtls.SessionInfo) { i.Sent, i.Retransmissions = 9, 2 }),
		infoOf(4, func(i *dtls.SessionInfo) { certified(i); i.ReceivedBytes, i.Drops = 5, 6 }),
		infoOf(2, func(i *dtls.SessionInfo) { i.Received, i.State.PSKIdentity = 8, []byte("Actor") }),
	}
	tests := []struct {
		query   string
		matched int
		want    []uint64
	}{
		{"", 4, []uint64{1, 2, 3, 4}},
		{"limit=2", 4, []uint64{1, 2}},
		{"limit=2&offset=2", 4, []uint64{3, 4}},
		{"limit=2&offset=3", 4, []uint64{4}},
		{"offset=4", 4, []uint64{}},
		{"offset=2147483647", 4, []uint64{}},
		{"sort=peer", 4, []uint64{1, 2, 3, 4}},
		{"sort=-peer", 4, []uint64{4, 3, 2, 1}},
		{"sort=identity", 4, []uint64{2, 4, 1, 3}}, // actor, cn=device, sensor-1, sensor-3
		{"sort=-identity&limit=1", 4, []uint64{3}},
		{"sort=version", 4, []uint64{1, 2, 3, 4}},
		{"sort=-version", 4, []uint64{1, 2, 3, 4}},
		{"sort=cipher", 4, []uint64{4, 1, 2, 3}},
		{"sort=age", 4, []uint64{1, 2, 3, 4}},
		{"sort=-age", 4, []uint64{4, 3, 2, 1}},
		{"sort=-idle", 4, []uint64{3, 1, 2, 4}},
		{"sort=idle", 4, []uint64{1, 2, 4, 3}},
		{"sort=received", 4, []uint64{1, 4, 3, 2}},
		{"sort=-received", 4, []uint64{2, 3, 1, 4}},
		{"sort=-sent", 4, []uint64{1, 2, 3, 4}},
		{"sort=-received_bytes", 4, []uint64{4, 1, 2, 3}},
		{"sort=-sent_bytes", 4, []uint64{3, 1, 2, 4}},
		{"sort=-retransmissions", 4, []uint64{1, 2, 3, 4}},
		{"sort=-drops", 4, []uint64{4, 1, 2, 3}},
		{"filter=10.0.0.3:", 1, []uint64{3}},
		{"filter=SENSOR", 2, []uint64{1, 3}},
		{"filter=actor", 1, []uint64{2}},
		{"filter=cn=device", 1, []uint64{4}},
		{"filter=ecdsa", 1, []uint64{4}},
		{"filter=dtls+1.2", 4, []uint64{1, 2, 3, 4}},
		{"filter=psk-&sort=-age&limit=1&offset=1", 3, []uint64{2}},
		{"filter=nobody", 0, []uint64{}},
	}
	for _, tt := range tests {
		p := sessionsPage(infos, parse(t, tt.query), testNow)
		if got := idsOf(p); p.Total != 4 || p.Matched != tt.matched || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %d of %d, %v; want %d, %v", tt.query, p.Matched, p.Total, got, tt.matched, tt.want)
		}
	}
}

func TestEverySortKeyIsAFieldOfASession(t *testing.T) {
	body, err := json.Marshal(Session{})
	if err != nil {
		t.Fatal(err)
	}
	for key := range sessionOrders() {
		if field := `"` + key + `":`; !strings.Contains(string(body), field) && !strings.Contains(string(body), `"`+key+`_ms":`) {
			t.Errorf("sessions have no %s", key)
		}
	}
}

func TestSenselessQueriesForSessionsSayWhatIsPossible(t *testing.T) {
	s := newSite(t)
	for query, mention := range map[string]string{
		"sort=colour":  "age, cipher, drops",
		"sort=-":       "",
		"sort=--age":   `"-age"`,
		"limit=0":      "from 1 to 1000",
		"limit=1001":   "from 1 to 1000",
		"limit=many":   `"many"`,
		"offset=-1":    "offset",
		"offset=1e3":   "offset",
		"offset=%1b[m": `"\x1b[m"`,
	} {
		if query == "sort=-" { // means nothing, and does no harm
			s.get("/api/v1/sessions?"+query, new(SessionsPage))
			continue
		}
		wantProblem(t, s.do("GET", "/api/v1/sessions?"+query, ""), http.StatusBadRequest, mention)
	}
}

func TestHundredThousandSessionsArePaged(t *testing.T) {
	infos := make([]dtls.SessionInfo, 100_000)
	for i := range infos {
		id := (i*7919)%len(infos) + 1 // in no order
		infos[i] = infoOf(id, func(info *dtls.SessionInfo) { info.Received = uint64(id) })
	}
	for offset := 0; offset < len(infos); offset += 99_500 {
		q := parse(t, fmt.Sprintf("sort=-received&limit=1000&offset=%d", offset))
		p := sessionsPage(infos, q, testNow)
		want := min(1000, len(infos)-offset)
		if len(p.Sessions) != want || p.Sessions[0].ID != uint64(len(infos)-offset) || p.Total != len(infos) {
			t.Errorf("offset %d: %d sessions from %d on", offset, len(p.Sessions), p.Sessions[0].ID)
		}
	}
	if p := sessionsPage(infos, parse(t, "filter=sensor-9999&sort=identity"), testNow); p.Matched != 11 {
		t.Errorf("%d sessions match", p.Matched)
	}
}

func TestSessionsOfPeersAreDescribed(t *testing.T) {
	info := infoOf(5, func(i *dtls.SessionInfo) {
		i.LastActive = testNow.Add(time.Second) // by a coarse clock
		i.State.Group, i.State.DidResume = tls.X25519, true
		i.State.ServerName, i.State.NegotiatedProtocol = "a\nb", "coap"
		i.State.PSKIdentity = []byte("\x1b<b>")
		i.Received, i.Sent, i.ReceivedBytes, i.SentBytes, i.Retransmissions, i.Drops = 1, 2, 3, 4, 5, 6
		i.State.ConnectionID, i.AddressChanges = []byte{0xc1, 0xd0}, 7
	})
	want := Session{
		ID: 5, Peer: "10.0.0.5:40000", Local: "127.0.0.1:22334", Established: true,
		Identity: `\x1b<b>`, Version: "DTLS 1.2", Cipher: "PSK-AES128-GCM-SHA256", Group: "X25519", Resumed: true,
		ServerName: `a\x0ab`, ALPN: "coap",
		Since: testNow.Add(-5 * time.Second), LastActive: testNow.Add(time.Second), Age: 5000, Idle: 0,
		Received: 1, Sent: 2, ReceivedBytes: 3, SentBytes: 4, Retransmissions: 5, Drops: 6,
		ConnectionID: "c1d0", AddressChanges: 7,
	}
	if got := sessionView(&info, testNow); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSessionInItsHandshakeHasNoTimes(t *testing.T) {
	info := dtls.SessionInfo{ID: 1, Peer: netip.MustParseAddrPort("[::1]:1"), Local: netip.MustParseAddrPort("[::1]:2")}
	body, err := json.Marshal(sessionView(&info, testNow))
	if err != nil || strings.Contains(string(body), "since") || strings.Contains(string(body), "last_active") ||
		!strings.Contains(string(body), `"age_ms":0`) || !strings.Contains(string(body), `"version":""`) {
		t.Errorf("%s, %v", body, err)
	}
}

func TestServerIsNotAskedForSessionsMoreOftenThanItCanBear(t *testing.T) {
	now := testNow
	asked := 0
	var takes time.Duration
	c := newSessionsCache(func() []dtls.SessionInfo {
		asked++
		now = now.Add(takes)
		return []dtls.SessionInfo{infoOf(1, nil)}
	})
	c.now = func() time.Time { return now }
	defer c.forget()
	steps := []struct {
		after   time.Duration // since the step before
		takes   time.Duration
		asked   int
		refresh int64
	}{
		{0, time.Millisecond, 1, 1000},
		{999 * time.Millisecond, time.Millisecond, 1, 1000},
		{time.Millisecond, 100 * time.Millisecond, 2, 2000},
		{1999 * time.Millisecond, 0, 2, 2000},
		{time.Millisecond, 0, 3, 1000},
	}
	for i, step := range steps {
		now, takes = now.Add(step.after), step.takes
		p := c.page(parse(t, "sort=-received"))
		if asked != step.asked || p.Refresh != step.refresh || len(p.Sessions) != 1 {
			t.Errorf("step %d: asked %d times, refresh after %d ms, %d sessions", i, asked, p.Refresh, len(p.Sessions))
		}
	}
	c.forget()
	if p := c.page(parse(t, "")); asked != 4 || p.Total != 1 {
		t.Errorf("what was forgotten: asked %d times, %d sessions", asked, p.Total)
	}
}

func TestPagesOfOneSnapshotAgree(t *testing.T) {
	s := newSite(t)
	s.backend.infos = []dtls.SessionInfo{infoOf(1, nil), infoOf(2, nil), infoOf(3, nil)}
	var first, second SessionsPage
	s.get("/api/v1/sessions?limit=2&sort=-peer", &first)
	s.get("/api/v1/sessions?limit=2&sort=-peer&offset=2", &second)
	if got := append(idsOf(first), idsOf(second)...); !slices.Equal(got, []uint64{3, 2, 1}) {
		t.Errorf("the pages show %v", got)
	}
	s.get("/api/v1/sessions?sort=peer", &first)
	if got := idsOf(first); !slices.Equal(got, []uint64{1, 2, 3}) {
		t.Errorf("in another order: %v", got)
	}
	if s.backend.snapshots != 1 {
		t.Errorf("the server was asked %d times", s.backend.snapshots)
	}
}

func TestOneSessionIsShownAndClosed(t *testing.T) {
	s := newSite(t)
	p := s.connect()
	target := fmt.Sprintf("/api/v1/sessions/%d", p.session.ID())
	var got Session
	s.get(target, &got)
	if got.ID != p.session.ID() || got.Identity != "sensor-7" || got.Peer != p.conn.LocalAddr().String() || !got.Established {
		t.Errorf("got %+v", got)
	}
	if w := s.do("DELETE", target, ""); w.Code != http.StatusNoContent {
		t.Fatalf("status %d, %s", w.Code, w.Body)
	}
	<-p.session.Context().Done()
	if n, err := p.conn.Read(make([]byte, 10)); err == nil {
		t.Errorf("the peer reads %d bytes instead of the goodbye", n)
	}
}

func TestSessionsThatAreNotThereAreNotFound(t *testing.T) {
	s := newSite(t)
	for _, what := range []struct{ method, target, body string }{
		{"GET", "/api/v1/sessions/9", ""},
		{"DELETE", "/api/v1/sessions/9", ""},
		{"POST", "/api/v1/sessions/9/datagrams", `{"text":"a"}`},
	} {
		wantProblem(t, s.do(what.method, what.target, what.body), http.StatusNotFound, "there is no session 9")
		wantProblem(t, s.do(what.method, strings.Replace(what.target, "9", "nine", 1), what.body), http.StatusBadRequest, "nine")
	}
}

// sessionsPage answers a query from a snapshot.
func sessionsPage(infos []dtls.SessionInfo, q sessionsQuery, now time.Time) SessionsPage {
	p := pageOfSessions(q.arrange(infos), q, now)
	p.Total = len(infos)
	return p
}

// Numbers begin anew with the program: who means a session of an earlier run
// gets nothing of one of this.
func TestSessionsOfAnEarlierRunAreNotThoseOfThis(t *testing.T) {
	s := newSite(t)
	p := s.connect()
	target := fmt.Sprintf("/api/v1/sessions/%d", p.session.ID())
	for _, r := range []struct{ method, path, body string }{
		{"GET", "", ""},
		{"DELETE", "", ""},
		{"POST", "/datagrams", `{"text":"for another"}`},
		{"GET", "/capture", ""},
	} {
		wantProblem(t, s.do(r.method, target+r.path+"?boot=EARLIER", r.body), http.StatusPreconditionFailed, "restarted")
	}
	wantProblem(t, s.do("GET", "/api/v1/handshakes/1?boot=EARLIER", ""), http.StatusPreconditionFailed, "restarted")
	if told := s.backend.wasTold(); len(told) > 0 {
		t.Errorf("something was done: %q", told)
	}
	if w := s.do("GET", target+"?boot="+s.console.boot, ""); w.Code != http.StatusOK {
		t.Errorf("of this run: status %d, %s", w.Code, w.Body)
	}
}

// What a person does to a session from the page is in the log.
func TestWhatIsDoneFromThePageIsTold(t *testing.T) {
	s := newSite(t)
	p := s.connect()
	target := fmt.Sprintf("/api/v1/sessions/%d", p.session.ID())
	s.do("POST", target+"/datagrams", `{"text":"hello"}`)
	s.do("DELETE", target, "")
	want := []string{
		fmt.Sprintf("(%v): sent a datagram of 5 bytes from the console", p.session.RemoteAddr()),
		fmt.Sprintf("(%v): disconnected from the console", p.session.RemoteAddr()),
	}
	if told := s.backend.wasTold(); !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}
