package console

import (
	"bytes"
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	defaultSessions = 100  // on a page
	maxSessions     = 1000 // likewise
)

// A sessionsQuery says which sessions to show, in which order, and which part
// of that.
type sessionsQuery struct {
	arrangement
	offset, limit int
}

// An arrangement is which sessions there are to be seen, in which order. It
// stays the same from page to page.
type arrangement struct {
	filter  string // lower case; "" for all
	sort    string // a key of sessionOrders; "" for the order in which they began
	reverse bool
}

func parseSessionsQuery(values url.Values) (q sessionsQuery, err error) {
	q.filter = strings.ToLower(values.Get("filter"))
	q.sort, q.reverse = strings.CutPrefix(values.Get("sort"), "-")
	if _, ok := sessionOrders()[q.sort]; q.sort != "" && !ok {
		keys := slices.Sorted(maps.Keys(sessionOrders()))
		return q, faultf("sort by "+strings.Join(keys, ", ")+", with - in front for the reverse", "sessions have no order %q", q.sort)
	}
	if q.offset, err = number(values, "offset", 0, 0, 1<<31-1); err != nil {
		return q, err
	}
	q.limit, err = number(values, "limit", defaultSessions, 1, maxSessions)
	return q, err
}

// number returns a parameter of a query, which may be absent.
func number(values url.Values, name string, absent, least, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, faultf("", "%s is a number from %d to %d, not %q", name, least, most, text)
	}
	return n, nil
}

// A candidate is a session while it is filtered and sorted.
type candidate struct {
	info *dtls.SessionInfo
	name string // lower case; only where it is sorted by
}

// sessionOrders are the orders by their names: those of the JSON fields.
func sessionOrders() map[string]func(a, b candidate) int {
	return map[string]func(a, b candidate) int{
		"peer":     func(a, b candidate) int { return a.info.Peer.Compare(b.info.Peer) },
		"identity": func(a, b candidate) int { return cmp.Compare(a.name, b.name) },
		"version":  func(a, b candidate) int { return cmp.Compare(versionName(&a.info.State), versionName(&b.info.State)) },
		"cipher": func(a, b candidate) int {
			return cmp.Compare(a.info.State.CipherSuite.OpenSSLName, b.info.State.CipherSuite.OpenSSLName)
		},
		"age":             func(a, b candidate) int { return b.info.Since.Compare(a.info.Since) },
		"idle":            func(a, b candidate) int { return b.info.LastActive.Compare(a.info.LastActive) },
		"received":        func(a, b candidate) int { return cmp.Compare(a.info.Received, b.info.Received) },
		"sent":            func(a, b candidate) int { return cmp.Compare(a.info.Sent, b.info.Sent) },
		"received_bytes":  func(a, b candidate) int { return cmp.Compare(a.info.ReceivedBytes, b.info.ReceivedBytes) },
		"sent_bytes":      func(a, b candidate) int { return cmp.Compare(a.info.SentBytes, b.info.SentBytes) },
		"retransmissions": func(a, b candidate) int { return cmp.Compare(a.info.Retransmissions, b.info.Retransmissions) },
		"drops":           func(a, b candidate) int { return cmp.Compare(a.info.Drops, b.info.Drops) },
	}
}

// arrange returns the sessions to be seen, in their order. Those that are equal
// are in the order in which they began, so that a page looks the same each time.
func (a arrangement) arrange(infos []dtls.SessionInfo) []*dtls.SessionInfo {
	candidates := make([]candidate, 0, len(infos))
	for i := range infos {
		if c := (candidate{info: &infos[i]}); a.matches(c.info) {
			if a.sort == "identity" {
				c.name = strings.ToLower(cmp.Or(dtls.Escape(string(c.info.State.PSKIdentity)), subject(&c.info.State)))
			}
			candidates = append(candidates, c)
		}
	}
	order := sessionOrders()[a.sort]
	slices.SortFunc(candidates, func(x, y candidate) int {
		var result int
		if order != nil {
			result = order(x, y)
		}
		if a.reverse {
			result = -result
		}
		return cmp.Or(result, cmp.Compare(x.info.ID, y.info.ID))
	})
	arranged := make([]*dtls.SessionInfo, len(candidates))
	for i, c := range candidates {
		arranged[i] = c.info
	}
	return arranged
}

func (a arrangement) matches(info *dtls.SessionInfo) bool {
	if a.filter == "" {
		return true
	}
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), a.filter) }
	var buffer [64]byte
	return bytes.Contains(info.Peer.AppendTo(buffer[:0]), []byte(a.filter)) ||
		has(dtls.Escape(string(info.State.PSKIdentity))) ||
		has(info.State.CipherSuite.OpenSSLName) ||
		has(versionName(&info.State)) ||
		has(subject(&info.State))
}
