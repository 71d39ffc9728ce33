package console

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"
)

// appendJSON appends a line as its view is written, without making one: an open
// page gets many of them.
func (l *line) appendJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), l.seq, 10)
	b = l.time.UTC().AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano)
	b = append(b, '"')
	if l.isDatagram() {
		return l.appendDatagramJSON(b)
	}
	b = append(append(b, `,"type":"log","level":"`...), l.level.String()...)
	b = append(append(b, `","kind":"`...), l.kind...)
	b = append(b, '"')
	if l.peer.IsValid() {
		b = append(l.peer.AppendTo(append(b, `,"peer":"`...)), '"')
	}
	if l.session != 0 {
		b = strconv.AppendUint(append(b, `,"session":`...), l.session, 10)
	}
	return append(appendString(append(b, `,"text":`...), l.text), '}')
}

func (l *line) appendDatagramJSON(b []byte) []byte {
	b = strconv.AppendUint(append(b, `,"type":"datagram","session":`...), l.session, 10)
	b = append(append(append(b, `,"peer":"`...), peerText(l.peer)...), '"')
	b = strconv.AppendBool(append(b, `,"sent":`...), l.sent)
	b = appendHexJSON(b, `,"ciphertext":"`, l.ciphertext)
	b = strconv.AppendInt(append(b, `,"ciphertext_size":`...), int64(l.ciphertextSize), 10)
	b = appendHexJSON(b, `,"plaintext":"`, l.plaintext)
	b = strconv.AppendInt(append(b, `,"plaintext_size":`...), int64(l.plaintextSize), 10)
	return append(b, '}')
}

// appendHexJSON appends a member, unless it is empty.
func appendHexJSON(b []byte, member string, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	return append(hex.AppendEncode(append(b, member...), value), '"')
}

// appendString appends a string of JSON. Most need no escapes.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // of a string it cannot fail
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
