package engine_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/dtlsd/dtlsd/internal/dtlstest"
	"github.com/dtlsd/dtlsd/internal/engine"
)

// FuzzUnpack has associations go on from any bytes: they are refused, or lead to an
// association that can be used like every other, and packed again.
func FuzzUnpack(f *testing.F) {
	for _, test := range packings(f) {
		p := rested(f, test.options...)
		for _, e := range []*dtlstest.Endpoint{p.Client, p.Server} {
			f.Add(e.Pack(nil), []byte("\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x09\x00\x20an encrypted record of 32 bytes!"))
		}
	}
	cfg := dtlstest.Config(1)
	shared, ws := cfg.Complete(), engine.NewWorkspace()
	f.Fuzz(func(t *testing.T, packed, datagram []byte) {
		state, described := engine.ParsePacked(packed)
		a := engine.NewIdle()
		if err := a.Unpack(shared, ws, packed); err != nil {
			if a.Established() || a.AtRest() {
				t.Fatal("what is refused is an association")
			}
			return
		}
		if described != nil || fmt.Sprintf("%+v", state) != fmt.Sprintf("%+v", *a.State()) {
			t.Fatalf("described as %+v, %v; is %+v", state, described, *a.State())
		}
		if engine.PackedMaxPlaintext(packed) != a.MaxPlaintext() || engine.PackedOverhead(packed) != a.Overhead() {
			t.Fatal("the sizes differ")
		}
		if a.AtRest() {
			again := a.Pack(nil)
			if err := a.Unpack(shared, ws, again); err != nil {
				t.Fatalf("packed again it is refused: %v", err)
			}
			if third := a.Pack(nil); !bytes.Equal(again, third) {
				t.Fatalf("%x became %x", again, third)
			}
			if err := a.Unpack(shared, ws, again); err != nil {
				t.Fatal(err)
			}
		}
		sealed, err := a.Send(nil, []byte("a word"))
		if len(sealed) > 6+a.Overhead() {
			t.Fatalf("a record of %d bytes, %v", len(sealed), err)
		}
		a.ExportKeyingMaterial("EXPERIMENTAL test", nil, false, 20)
		a.Receive(dtlstest.Epoch, bytes.Clone(datagram))
		a.RequestCIDs(dtlstest.Epoch, 2)
		a.UseNextCID()
		a.KeyUpdate(dtlstest.Epoch, true)
		a.Timeout(dtlstest.Epoch.Add(time.Minute))
		a.Close(dtlstest.Epoch)
		for a.Next().Kind != engine.EventNone {
		}
	})
}
