package main

import (
	"github.com/dtlsd/dtlsd/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
)

// whoAmI tells a client who the server takes it for. A real server decides by
// that what the client may do.
func whoAmI(w mux.ResponseWriter, _ *mux.Message) {
	state := w.Conn().NetConn().(*dtls.Conn).ConnectionState()
	respond(w, codes.Content, resource{format: message.TextPlain, body: []byte(identity(state))})
}

// identity returns the name that a client has proven.
func identity(state dtls.ConnectionState) string {
	switch {
	case len(state.PeerCertificates) > 0:
		return state.PeerCertificates[0].Subject.CommonName
	case state.PSKIdentity != nil:
		return string(state.PSKIdentity)
	default:
		return "nobody in particular"
	}
}
