package suite

import "encoding/hex"

// KeyLogMaster is the label of a DTLS 1.2 master secret in a key log.
const KeyLogMaster = "CLIENT_RANDOM"

// AppendKeyLogLine appends one line, newline included, in the SSLKEYLOGFILE
// format that packet analysers read: label, client random, secret.
func AppendKeyLogLine(b []byte, label string, clientRandom *[32]byte, secret []byte) []byte {
	b = append(b, label...)
	b = append(b, ' ')
	b = hex.AppendEncode(b, clientRandom[:])
	b = append(b, ' ')
	b = hex.AppendEncode(b, secret)
	return append(b, '\n')
}
