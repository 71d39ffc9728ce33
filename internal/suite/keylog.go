package suite

import "encoding/hex"

// The labels of secrets in a key log. Traffic secrets after a KeyUpdate have
// none: they follow from the first.
const (
	KeyLogMaster          = "CLIENT_RANDOM"                   // of DTLS 1.2
	KeyLogClientHandshake = "CLIENT_HANDSHAKE_TRAFFIC_SECRET" // of DTLS 1.3, as all below
	KeyLogServerHandshake = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	KeyLogClientTraffic   = "CLIENT_TRAFFIC_SECRET_0"
	KeyLogServerTraffic   = "SERVER_TRAFFIC_SECRET_0"
	KeyLogExporter        = "EXPORTER_SECRET"
)

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
