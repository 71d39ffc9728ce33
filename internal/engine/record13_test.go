package engine_test

import (
	"testing"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// RFC 8446, Sections 5.1, 5.4 and 6.2.
func TestContentOf13ThatMustNotBeEndsTheAssociation(t *testing.T) {
	header := late(wire.TypeKeyUpdate, 0, []byte{0})
	for name, tt := range map[string]struct {
		typ     wire.ContentType
		content []byte
		want    wire.AlertDescription
	}{
		"an empty handshake record":    {wire.ContentHandshake, nil, wire.AlertUnexpectedMessage},
		"an empty alert":               {wire.ContentAlert, nil, wire.AlertUnexpectedMessage},
		"half an alert":                {wire.ContentAlert, []byte{1}, wire.AlertDecodeError},
		"two alerts":                   {wire.ContentAlert, []byte{1, 0, 1, 0}, wire.AlertDecodeError},
		"half a header of a fragment":  {wire.ContentHandshake, header[:7], wire.AlertDecodeError},
		"a fragment without its bytes": {wire.ContentHandshake, header[:12], wire.AlertDecodeError},
		"change_cipher_spec":           {wire.ContentChangeCipherSpec, []byte{1}, wire.AlertUnexpectedMessage},
		"a type that nobody knows":     {99, []byte{1}, wire.AlertUnexpectedMessage},
	} {
		p := connected(t, dtls13)
		p.ToServer(p.Client.SealAs(tt.typ, tt.content))
		wantAlertAtClient(t, p, tt.want, name)

		p = connected(t, dtls13)
		p.ToServer(plaintext(tt.typ, tt.content))
		wantAlive(t, p, name+" in plaintext")
	}
}

// RFC 9147, Section 4: "It MUST be ignored for all purposes."
func TestVersionOfAPlaintextRecordMeansNothingTo13(t *testing.T) {
	for _, version := range []wire.Version{0, 0x0303, wire.VersionDTLS10, wire.VersionDTLS13, 0xffff} {
		p := dtlstest.NewPair(t, 1, retrying...)
		change := func(datagrams [][]byte) [][]byte {
			for _, datagram := range datagrams {
				if wire.RecordKindOf(datagram[0]) != wire.RecordUnified {
					datagram[1], datagram[2] = byte(version>>8), byte(version)
				}
			}
			return datagrams
		}
		p.Server = dtlstest.NewServer(p.ServerConfig, p.Now, engine.Hello{Verified: true})
		for range 3 {
			for _, datagram := range change(p.Client.Take()) {
				p.ToServer(datagram)
			}
			for _, datagram := range change(p.Server.Take()) {
				p.Client.Receive(p.Now, datagram)
			}
		}
		p.Connect()
		wantAlive(t, p, version.String())
	}
}

// Once a side has seen a protected record of the other, nothing that anyone may
// have sent ends the handshake.
func TestPlaintextEndsNoHandshakeOf13UnderItsKeys(t *testing.T) {
	bad := wire.ACK{Records: wire.AppendRecordNumbers(nil, wire.RecordNumber{Epoch: 9})}.AppendTo(nil)
	forged := [][]byte{
		plaintext(wire.ContentACK, bad),
		plaintext(wire.ContentACK, []byte{0}),
		plaintext(wire.ContentAlert, alert(wire.AlertFatal, wire.AlertHandshakeFailure)),
		plaintext(wire.ContentAlert, alert(wire.AlertWarning, wire.AlertCloseNotify)),
		plaintext(wire.ContentHandshake, []byte{1}),
		plaintext(wire.ContentHandshake, nil),
		message(wire.TypeFinished, 3, make([]byte, 32)),
	}
	for _, s := range stations13[1:] {
		if s.side == engine.Server && s.state == "await certificate" {
			continue // the first record under keys is still to come
		}
		p, e := walk13(t, s.side, s.state)
		for _, datagram := range forged {
			e.Receive(p.Now, datagram)
			if e.Over || e.Hint() != nil {
				t.Fatalf("%v: %s: %x: %v", s.side, s.state, datagram, e.Err)
			}
		}
		p.Advance(engine.DefaultRetransmitInitial)
		if e.Over {
			t.Errorf("%v: %s: a second later: %v", s.side, s.state, e.Err)
		}
	}

	// Before that an ACK can be wrong: the server cannot tell.
	p := dtlstest.NewPair(t, 1, dtls13)
	p.FlushClient()
	p.Server.Take()
	p.ToServer(forged[0])
	wantOverWith(t, p.Server, wire.AlertDecodeError)
}

// wantOverWith requires that e ended for a reason that has that alert.
func wantOverWith(t *testing.T, e *dtlstest.Endpoint, want wire.AlertDescription) {
	t.Helper()
	if !e.Over || engine.AlertFor(e.Err) != want {
		t.Errorf("%v ended: %v, with %v; want %v", e.Side(), e.Over, e.Err, want)
	}
}

// RFC 8446, Section 5.4, and RFC 8449, Section 4: content, type and padding
// have as many bytes as was announced, together.
func TestTypeAndPaddingCountForTheRecordSize(t *testing.T) {
	const limit = 200 // as the client announces it; a server adds one for the type
	limited := both(func(cfg *engine.Config) { cfg.RecordSizeLimit = limit })
	p := connected(t, dtls13, limited)
	if p.Server.MaxPlaintext() != limit-1 || p.Client.MaxPlaintext() != limit {
		t.Fatalf("the server sends %d bytes, the client %d", p.Server.MaxPlaintext(), p.Client.MaxPlaintext())
	}
	for _, s := range []struct {
		from, to *dtlstest.Endpoint
		most     int
	}{{p.Server, p.Client, limit}, {p.Client, p.Server, limit + 1}} {
		for _, n := range []int{1, 100, s.most - 1} {
			s.to.Receive(p.Now, s.from.SealPadded(make([]byte, n), s.most-1-n))
			if got := len(s.to.Received); got == 0 || len(s.to.Received[got-1]) != n {
				t.Errorf("%v does not take %d bytes in %d", s.to.Side(), n, s.most)
			}
			drops := s.to.Drops[wire.DropRecordOverflow]
			s.to.Receive(p.Now, s.from.SealPadded(make([]byte, n), s.most-n))
			wantDrop(t, s.to, wire.DropRecordOverflow, drops+1, "a byte more")
		}
	}
	wantAlive(t, p, "after records that were too long")

	p = connected(t, dtls13)
	p.ToServer(p.Client.SealPadded(make([]byte, 100), wire.MaxPlaintext-100))
	if len(p.Server.Received) != 1 {
		t.Fatal("a record of full size is not taken")
	}
	p.ToServer(p.Client.SealPadded(make([]byte, 100), wire.MaxPlaintext-99))
	wantAlertAtClient(t, p, wire.AlertRecordOverflow, "a byte more than the largest record")
}
