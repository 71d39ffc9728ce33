package webrtc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"time"
)

const srtpKeyLen = 16 // of the master keys of both profiles

// A profile is a protection profile for SRTP.
type profile struct {
	name    string // Chromium's
	saltLen int    // of the master salts
	open    func(key, salt, packet []byte) error
}

// RFC 5764, Section 4.1.2, and RFC 7714, Section 14.2.
var profiles = map[uint16]profile{
	0x0001: {"SRTP_AES128_CM_HMAC_SHA1_80", 14, openSHA1},
	0x0007: {"SRTP_AEAD_AES_128_GCM", 12, openGCM},
}

// hear receives a packet of Chromium's audio with keys of the handshake. part is Chromium's.
func (c *call) hear(part string) error {
	state := c.conn.ConnectionState()
	profile, known := profiles[state.SRTPProfile]
	if !known {
		return errors.New("no profile was chosen")
	}
	material, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(srtpKeyLen+profile.saltLen))
	if err != nil {
		return err
	}
	// RFC 5764, Section 4.2: the client's key, the server's, the client's salt, the server's.
	keys, salts := material[:2*srtpKeyLen], material[2*srtpKeyLen:]
	if part == "client" {
		keys, salts = keys[:srtpKeyLen], salts[:profile.saltLen]
	} else {
		keys, salts = keys[srtpKeyLen:], salts[profile.saltLen:]
	}
	select {
	case packet := <-c.ice.audio:
		return profile.open(keys, salts, packet)
	case <-time.After(patience):
		return errors.New("no audio came")
	}
}

// The labels of RFC 3711, Section 4.3.1.
const (
	labelEncryption     = 0
	labelAuthentication = 1
	labelSalt           = 2
)

// derive returns a session key: RFC 3711, Section 4.3.3.
func derive(key, salt []byte, label byte, length int) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	iv := make([]byte, aes.BlockSize)
	copy(iv, salt)
	iv[7] ^= label
	session := make([]byte, length)
	cipher.NewCTR(block, iv).XORKeyStream(session, session)
	return session
}

var errForged = errors.New("the packet is not authentic")

// rollover is how often the 16 bits of the sequence number ran over. Chromium starts far below their end.
var rollover = []byte{0, 0, 0, 0}

// openSHA1 checks the tag of a packet: RFC 3711, Section 4.2.
func openSHA1(key, salt, packet []byte) error {
	const tagLen = 10
	mac := hmac.New(sha1.New, derive(key, salt, labelAuthentication, sha1.Size))
	mac.Write(packet[:len(packet)-tagLen])
	mac.Write(rollover)
	if !hmac.Equal(mac.Sum(nil)[:tagLen], packet[len(packet)-tagLen:]) {
		return errForged
	}
	return nil
}

// openGCM decrypts a packet: RFC 7714, Section 8.
func openGCM(key, salt, packet []byte) error {
	block, err := aes.NewCipher(derive(key, salt, labelEncryption, srtpKeyLen))
	if err != nil {
		return err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	nonce := append([]byte{0, 0}, packet[8:12]...)
	nonce = append(nonce, rollover...)
	nonce = append(nonce, packet[2:4]...)
	subtle.XORBytes(nonce, nonce, derive(key, salt, labelSalt, len(nonce)))
	header := headerLen(packet)
	if _, err := aead.Open(nil, nonce, packet[header:], packet[:header]); err != nil {
		return errForged
	}
	return nil
}

// headerLen is the length of an RTP header: RFC 3550, Section 5.1.
func headerLen(packet []byte) int {
	length := 12 + 4*int(packet[0]&0x0f)
	if packet[0]&0x10 != 0 {
		length += 4 + 4*int(binary.BigEndian.Uint16(packet[length+2:]))
	}
	return length
}
