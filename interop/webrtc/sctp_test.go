package webrtc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net"
)

// The types of SCTP's chunks: RFC 9260, Section 3.2.
const (
	sctpInit       = 1
	sctpInitAck    = 2
	sctpCookieEcho = 10
	sctpCookieAck  = 11
)

const sctpStateCookie = 7 // RFC 9260, Section 3.3.3.1

// greet answers as SCTP until the peer takes the association for established: RFC 9260, Section 5.1. The cookie that
// the peer has to echo makes a round trip over conn.
func greet(conn net.Conn) error {
	init, err := readChunk(conn, sctpInit)
	if err != nil {
		return err
	}
	if len(init) < 16 {
		return fmt.Errorf("an INIT of %d bytes", len(init))
	}
	tag := init[:4]
	const ownTag, window, streams, sequence = 1, 1 << 16, 16, 1
	cookie := []byte("a cookie of ours")
	reply := binary.BigEndian.AppendUint32(nil, ownTag)
	reply = binary.BigEndian.AppendUint32(reply, window)
	reply = binary.BigEndian.AppendUint16(reply, streams)
	reply = binary.BigEndian.AppendUint16(reply, streams)
	reply = binary.BigEndian.AppendUint32(reply, sequence)
	reply = binary.BigEndian.AppendUint16(reply, sctpStateCookie)
	reply = binary.BigEndian.AppendUint16(reply, uint16(4+len(cookie)))
	reply = append(reply, cookie...)
	if err := writeChunk(conn, tag, sctpInitAck, reply); err != nil {
		return err
	}
	echo, err := readChunk(conn, sctpCookieEcho)
	if err != nil {
		return err
	}
	if !bytes.Equal(echo, cookie) {
		return fmt.Errorf("the cookie %q came back as %q", cookie, echo)
	}
	return writeChunk(conn, tag, sctpCookieAck, nil)
}

// readChunk returns the value of the next first chunk of that type.
func readChunk(conn net.Conn, kind byte) ([]byte, error) {
	b := make([]byte, 2048)
	for {
		n, err := conn.Read(b)
		if err != nil {
			return nil, fmt.Errorf("waiting for a chunk of type %d: %w", kind, err)
		}
		if n < 16 || b[12] != kind {
			continue
		}
		if length := int(binary.BigEndian.Uint16(b[14:])); 4 <= length && 12+length <= n {
			return b[16 : 12+length], nil
		}
	}
}

// writeChunk writes a packet of one chunk between the ports of the description. Its value has whole words.
func writeChunk(conn net.Conn, tag []byte, kind byte, value []byte) error {
	packet := binary.BigEndian.AppendUint16(nil, sctpPort)
	packet = binary.BigEndian.AppendUint16(packet, sctpPort)
	packet = append(packet, tag...)
	packet = append(packet, 0, 0, 0, 0)
	packet = append(packet, kind, 0)
	packet = binary.BigEndian.AppendUint16(packet, uint16(4+len(value)))
	packet = append(packet, value...)
	// RFC 9260, Section 6.8: the sum goes over the packet with zeros in its place.
	binary.LittleEndian.PutUint32(packet[8:], crc32.Checksum(packet, crc32.MakeTable(crc32.Castagnoli)))
	_, err := conn.Write(packet)
	return err
}
