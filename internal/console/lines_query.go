package console

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dtlsd/dtlsd/dtls"
)

const (
	defaultLinesLimit = 1000
	queryBatch        = 512 // lines that are looked at under one lock
)

// A lineQuery says which lines are wanted. The zero value of a field wants all.
type lineQuery struct {
	datagrams, logs bool // which types; both false stands for both
	level           string
	peer            string // a part of the address
	text            string // a part of the text, or of the plaintext
	hex             string // the text as hex digits, if it is that
	before          uint64 // sequence number
	limit           int
	jsonl           bool // a download, a line for each
}

// parseLineQuery reads the parameters of a request.
func parseLineQuery(v url.Values) (lineQuery, error) {
	q := lineQuery{level: v.Get("level"), peer: v.Get("peer"), text: strings.ToLower(v.Get("q")), limit: defaultLinesLimit}
	switch t := v.Get("type"); t {
	case "":
	case "log":
		q.logs = true
	case "datagram":
		q.datagrams = true
	default:
		return q, fmt.Errorf("type is log or datagram, not %q", t)
	}
	switch q.level {
	case "", dtls.Info.String(), dtls.Warning.String(), dtls.Error.String():
	default:
		return q, fmt.Errorf("level is info, warning or error, not %q", q.level)
	}
	switch f := v.Get("format"); f {
	case "", "json":
	case "jsonl":
		q.jsonl, q.limit = true, maxLines
	default:
		return q, fmt.Errorf("format is json or jsonl, not %q", f)
	}
	if digits := strings.ReplaceAll(q.text, " ", ""); isHex(digits) {
		q.hex = digits
	}
	var err error
	if text := v.Get("before"); text != "" {
		if q.before, err = strconv.ParseUint(text, 10, 64); err != nil {
			return q, fmt.Errorf("before is a sequence number, not %q", text)
		}
	}
	if text := v.Get("limit"); text != "" {
		if q.limit, err = strconv.Atoi(text); err != nil || q.limit < 1 || q.limit > maxLines {
			return q, fmt.Errorf("limit is between 1 and %d, not %q", maxLines, text)
		}
	}
	return q, nil
}

// isHex reports whether text is digits of whole bytes.
func isHex(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && text != ""
}

// matches tells whether a line is wanted.
func (q *lineQuery) matches(l *line) bool {
	switch {
	case q.logs && l.isDatagram(), q.datagrams && !l.isDatagram():
		return false
	case q.level != "" && (l.isDatagram() || l.level.String() != q.level):
		return false
	case q.peer != "" && !strings.Contains(peerText(l.peer), q.peer):
		return false
	case q.text == "":
		return true
	case l.isDatagram():
		return q.matchesPayload(l)
	}
	return strings.Contains(strings.ToLower(l.text), q.text)
}

func (q *lineQuery) matchesPayload(l *line) bool {
	if strings.Contains(strings.ToLower(string(l.plaintext)), q.text) || strings.Contains(peerText(l.peer), q.text) {
		return true
	}
	return q.hex != "" && (strings.Contains(hex.EncodeToString(l.ciphertext), q.hex) || strings.Contains(hex.EncodeToString(l.plaintext), q.hex))
}

// find returns the newest lines that match, the oldest of them first.
func (l *lines) find(q *lineQuery) []any {
	first, next := l.bounds()
	if q.before > 0 {
		next = min(next, q.before)
	}
	var (
		found []any // the newest first
		b     batch
	)
	for next > first && len(found) < q.limit {
		from := max(first, next-min(next, queryBatch))
		l.read(&b, from, int(next-from))
		for i := len(b.lines) - 1; i >= 0 && len(found) < q.limit; i-- {
			if b.lines[i].seq < next && q.matches(&b.lines[i]) {
				found = append(found, b.lines[i].view())
			}
		}
		next = from
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

// LinesPage is the answer to a query.
type LinesPage struct {
	Lines []any  `json:"lines"` // [LogLine] and [DatagramLine], the oldest first
	First uint64 `json:"first"` // sequence number of the oldest line that is kept
	Last  uint64 `json:"last"`  // and of the newest; 0 if there is none yet
}

// serveLines answers a query.
func (c *Console) serveLines(w http.ResponseWriter, r *http.Request) {
	q, err := parseLineQuery(r.URL.Query())
	if err != nil {
		writeProblem(w, problem{Status: http.StatusBadRequest, Title: err.Error()})
		return
	}
	found := c.lines.find(&q)
	if q.jsonl {
		writeJSONLines(w, found)
		return
	}
	first, next := c.lines.bounds()
	if found == nil {
		found = []any{}
	}
	writeJSON(w, http.StatusOK, LinesPage{Lines: found, First: first, Last: next - 1})
}

// writeJSONLines sends lines as a file.
func writeJSONLines(w http.ResponseWriter, found []any) {
	w.Header().Set("Content-Type", "application/jsonl")
	w.Header().Set("Content-Disposition", `attachment; filename="dtlsd.jsonl"`)
	encoder := json.NewEncoder(w)
	for _, l := range found {
		if encoder.Encode(l) != nil {
			return // the reader is gone
		}
	}
}
