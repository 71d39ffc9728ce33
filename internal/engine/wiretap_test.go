package engine_test

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/dtlsd/dtlsd/internal/suite"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// A wiretap opens the records that one side of an association of DTLS 1.3
// sends, with the secrets of a key log. It sees them in the order in which they
// were sent.
type wiretap struct {
	suite  *suite.Suite13
	cidLen int // of the connection IDs in the records
	lines  []string
	labels [2]string // of the secrets of epochs 2 and 3
	keys   []*tapped
}

// tapped are the keys of one epoch.
type tapped struct {
	epoch   uint16
	traffic suite.Secret
	*suite.Protection13
	next uint64
}

// An opened is a record that was opened.
type opened struct {
	epoch   uint16
	seq     uint64
	typ     wire.ContentType
	content []byte
}

// clientLabels and serverLabels are those of what each side sends.
var (
	clientLabels = [2]string{suite.KeyLogClientHandshake, suite.KeyLogClientTraffic}
	serverLabels = [2]string{suite.KeyLogServerHandshake, suite.KeyLogServerTraffic}
)

// secretOf returns the secret with that label in lines of a key log, the last
// one if there are several.
func secretOf(lines []string, label string) suite.Secret {
	for _, line := range slices.Backward(lines) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == label {
			secret, _ := hex.DecodeString(fields[2])
			return secret
		}
	}
	return nil
}

// add has the keys of a traffic secret at hand.
func (w *wiretap) add(epoch uint16, traffic suite.Secret) error {
	p, err := w.suite.NewProtection(w.suite.TrafficKeys(traffic))
	w.keys = append(w.keys, &tapped{epoch: epoch, traffic: traffic, Protection13: p})
	return err
}

// prepare has those keys at hand that the key log has by now, and those of the
// epoch after the newest.
func (w *wiretap) prepare() error {
	for len(w.keys) < len(w.labels) {
		traffic := secretOf(w.lines, w.labels[len(w.keys)])
		if traffic == nil {
			return nil
		}
		if err := w.add(uint16(2+len(w.keys)), traffic); err != nil {
			return err
		}
	}
	if newest := w.keys[len(w.keys)-1]; newest.next > 0 && newest.epoch > 2 {
		return w.add(newest.epoch+1, w.suite.NextTraffic(newest.traffic))
	}
	return nil
}

// open opens the protected record at the start of a datagram, and returns what
// follows it. The datagram stays as it is.
func (w *wiretap) open(datagram []byte) (o opened, rest []byte, err error) {
	if err := w.prepare(); err != nil {
		return opened{}, nil, err
	}
	for _, k := range slices.Backward(w.keys) {
		r, _, err := wire.ParseUnifiedRecord(slices.Clone(datagram), w.cidLen)
		if err != nil {
			return opened{}, nil, err
		}
		if uint8(k.epoch&3) != r.EpochBits {
			continue
		}
		if _, ok := k.RevealNumber(r.Header, r.Payload); !ok {
			return opened{}, nil, fmt.Errorf("a record of %d bytes", len(r.Payload))
		}
		seq := wire.ReconstructSeq(k.next, r.Seq)
		typ, content, err := k.Open(r.Header, r.Payload, seq)
		if err != nil {
			continue
		}
		k.next = max(k.next, seq+1)
		return opened{k.epoch, seq, typ, content}, datagram[len(r.Header)+len(r.Payload):], nil
	}
	return opened{}, nil, fmt.Errorf("a record that no key opens: %x", datagram)
}
