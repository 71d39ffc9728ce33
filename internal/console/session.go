package console

import (
	"encoding/hex"
	"time"

	"github.com/dtlsd/dtlsd/dtls"
)

// A Session is one session at a moment. Of one in its handshake there is little
// to say, and no time.
type Session struct {
	ID          uint64 `json:"id"`
	Peer        string `json:"peer"`
	Local       string `json:"local"`
	Established bool   `json:"established"`

	Identity string `json:"identity"` // of a pre-shared key
	Subject  string `json:"subject"`  // of a certificate

	Version    string `json:"version"`
	Cipher     string `json:"cipher"` // as OpenSSL calls it
	Group      string `json:"group"`
	Resumed    bool   `json:"resumed"`
	Retried    bool   `json:"retried"` // there was a HelloRetryRequest
	ServerName string `json:"server_name"`
	ALPN       string `json:"alpn"`

	Since      time.Time `json:"since,omitzero"`
	LastActive time.Time `json:"last_active,omitzero"`
	Age        int64     `json:"age_ms"`
	Idle       int64     `json:"idle_ms"`

	Received        uint64 `json:"received"` // datagrams of application data
	Sent            uint64 `json:"sent"`
	ReceivedBytes   uint64 `json:"received_bytes"`
	SentBytes       uint64 `json:"sent_bytes"`
	Retransmissions int    `json:"retransmissions"`
	Drops           uint32 `json:"drops"`
	ConnectionID    string `json:"connection_id"` // that the peer has from us, in hex
	AddressChanges  int    `json:"address_changes"`
	KeyUpdates      int    `json:"key_updates"`
}

func sessionView(info *dtls.SessionInfo, now time.Time) Session {
	s := Session{
		ID:              info.ID,
		Peer:            info.Peer.String(),
		Local:           info.Local.String(),
		Established:     info.Established,
		Received:        info.Received,
		Sent:            info.Sent,
		ReceivedBytes:   info.ReceivedBytes,
		SentBytes:       info.SentBytes,
		Retransmissions: info.Retransmissions,
		Drops:           info.Drops,
		AddressChanges:  info.AddressChanges,
		KeyUpdates:      info.KeyUpdates,
	}
	if !info.Established {
		return s
	}
	state := &info.State
	s.Identity = dtls.Escape(string(state.PSKIdentity))
	s.Subject = subject(state)
	s.Version = versionName(state)
	s.Cipher = state.CipherSuite.OpenSSLName
	if state.Group != 0 {
		s.Group = state.Group.String()
	}
	s.Resumed = state.DidResume
	s.Retried = state.HelloRetryRequest
	s.ConnectionID = hex.EncodeToString(state.ConnectionID)
	s.ServerName = dtls.Escape(state.ServerName)
	s.ALPN = dtls.Escape(state.NegotiatedProtocol)
	s.Since, s.Age = info.Since.UTC(), millisecondsSince(info.Since, now)
	s.LastActive, s.Idle = info.LastActive.UTC(), millisecondsSince(info.LastActive, now)
	return s
}

// subject names the peer by its certificate.
func subject(state *dtls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 {
		return ""
	}
	return dtls.Escape(state.PeerCertificates[0].Subject.String())
}

func versionName(state *dtls.ConnectionState) string {
	if state.Version == 0 {
		return ""
	}
	return dtls.VersionName(state.Version)
}

// millisecondsSince is never negative: the clock of sessions is a coarse one.
func millisecondsSince(t, now time.Time) int64 { return max(0, now.Sub(t).Milliseconds()) }
