package console

import (
	"encoding/binary"
	"io"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// linkTypeUpperPDU is LINKTYPE_WIRESHARK_UPPER_PDU: a packet begins with tags
// that say what it is and between whom, instead of the headers of IP and UDP.
//
// Wireshark goes by the port before it looks into a packet: of a session on the
// port of CoAP, DNS or any other protocol that it knows, it would decrypt
// nothing. A tag is what tells it on any port that these are packets of DTLS.
const linkTypeUpperPDU layers.LinkType = 252

// The tags, as in epan/exported_pdu.h of Wireshark.
const (
	tagEnd       uint16 = 0
	tagDissector uint16 = 12
	tagIPv4From  uint16 = 20
	tagIPv4To    uint16 = 21
	tagIPv6From  uint16 = 22
	tagIPv6To    uint16 = 23
	tagPortType  uint16 = 24
	tagPortFrom  uint16 = 25
	tagPortTo    uint16 = 26
)

// portTypeUDP is the value of tagPortType.
const portTypeUDP = 3

// writeTo writes what is recorded in pcapng format, with the secrets in it.
func (s *capture) writeTo(w io.Writer) error {
	f, err := newPcapng(w)
	if err != nil {
		return err
	}
	if err := f.WriteDecryptionSecretsBlock(pcapgo.DSB_SECRETS_TYPE_TLS, s.secrets); err != nil {
		return err
	}
	for i, part := range [][]byte{s.head, s.older, s.newer} {
		afterGap := i == 1 && s.gap
		for len(part) > 0 {
			var p recordedPacket
			p, part = nextPacket(part)
			if err := s.writePacket(f, p, afterGap); err != nil {
				return err
			}
			afterGap = false
		}
	}
	return f.Flush()
}

func newPcapng(w io.Writer) (*pcapgo.NgWriter, error) {
	device := pcapgo.NgInterface{Name: "dtlsd", LinkType: linkTypeUpperPDU}
	options := pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{
		Application: "dtlsd",
		Comment:     "the secrets in this file decrypt the session in it",
	}}
	return pcapgo.NewNgWriterInterface(w, device, options)
}

func (s *capture) writePacket(f *pcapgo.NgWriter, p recordedPacket, afterGap bool) error {
	from, to := s.peer, s.local
	if p.sent {
		from, to = to, from
	}
	b := append(appendTags(nil, from, to), p.payload...)
	info := gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(b), Length: len(b)}
	if afterGap {
		return f.WritePacketWithOptions(info, b, pcapgo.NgPacketOptions{Comments: []string{"packets before this one were not kept"}})
	}
	return f.WritePacket(info, b)
}

// appendTags appends what stands before the payload of a datagram.
func appendTags(b []byte, from, to netip.AddrPort) []byte {
	b = appendTag(b, tagDissector, []byte("dtls"))
	b = appendAddresses(b, from.Addr().Unmap(), to.Addr().Unmap())
	b = appendNumber(b, tagPortType, portTypeUDP)
	b = appendNumber(b, tagPortFrom, uint32(from.Port()))
	b = appendNumber(b, tagPortTo, uint32(to.Port()))
	return appendTag(b, tagEnd, nil)
}

func appendAddresses(b []byte, from, to netip.Addr) []byte {
	if from.Is4() && to.Is4() {
		return appendTag(appendTag(b, tagIPv4From, from.AsSlice()), tagIPv4To, to.AsSlice())
	}
	source, destination := from.As16(), to.As16()
	return appendTag(appendTag(b, tagIPv6From, source[:]), tagIPv6To, destination[:])
}

func appendNumber(b []byte, tag uint16, value uint32) []byte {
	return appendTag(b, tag, binary.BigEndian.AppendUint32(nil, value))
}

// appendTag appends a tag, the length of its value, and the value, whose length
// has to be a multiple of four.
func appendTag(b []byte, tag uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, tag)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}
