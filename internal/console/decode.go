package console

import (
	"fmt"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// decode returns the fields of a message. What is secret, or would let others
// take part in the session, is shown by its length only.
func decode(typ wire.HandshakeType, body []byte, chosen *choice) []Field {
	var f fields
	var err error
	if chosen.is13() {
		known, err := f.decode13(typ, body)
		if err != nil {
			f.add("malformed", err.Error())
		}
		if known {
			return f
		}
	}
	switch typ {
	case wire.TypeClientHello:
		err = f.clientHello(body, chosen)
	case wire.TypeHelloVerifyRequest:
		err = f.helloVerifyRequest(body)
	case wire.TypeServerHello:
		err = f.serverHello(body)
	case wire.TypeCertificate:
		err = f.certificate(body)
	case wire.TypeServerKeyExchange:
		err = f.serverKeyExchange(body, chosen)
	case wire.TypeCertificateRequest:
		err = f.certificateRequest(body)
	case wire.TypeClientKeyExchange:
		err = f.clientKeyExchange(body, chosen)
	case wire.TypeCertificateVerify:
		err = f.certificateVerify(body)
	case wire.TypeNewSessionTicket:
		err = f.newSessionTicket(body)
	case wire.TypeFinished:
		f.size("verify data", len(body))
	default:
		if len(body) > 0 {
			f.size("body", len(body))
		}
	}
	if err != nil {
		f.add("malformed", err.Error())
	}
	return f
}

// valueText is how much of a value is shown, in bytes.
const valueText = 1 << 10

// fields is the fields of a message while it is being decoded.
type fields []Field

// add appends a field. Whatever the values are, they become fit to be shown.
func (f *fields) add(name string, values ...string) {
	shown := make([]Value, len(values))
	for i, v := range values {
		shown[i].Text = clip(dtls.Escape(v), valueText)
	}
	*f = append(*f, Field{Name: name, Values: shown})
}

func (f *fields) size(name string, bytes int) { f.add(name, sizeText(bytes)) }

func sizeText(bytes int) string {
	if bytes == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// names returns the names of the elements of a list.
func names[T ~uint16](list wire.Uint16List, name func(T) string) []string {
	texts := make([]string, 0, list.Len())
	for id := range list.All() {
		texts = append(texts, name(T(id)))
	}
	return texts
}

// texts returns what was received as texts.
func texts(list [][]byte) []string {
	out := make([]string, len(list))
	for i, b := range list {
		out[i] = string(b)
	}
	return out
}

// accept marks the values of the last field of which one was chosen. Nothing is
// marked where no choice is known.
func (f *fields) accept(known bool, chosen string) {
	if !known {
		return
	}
	values := (*f)[len(*f)-1].Values
	for i := range values {
		values[i].Accepted = new(values[i].Text == chosen)
	}
}
