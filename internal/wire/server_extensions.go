package wire

import "golang.org/x/crypto/cryptobyte"

// ServerExtensions are the server's answers to ClientExtensions, as far as dtlsd knows them. DTLS 1.2 has
// them in its ServerHello; DTLS 1.3 spreads them over ServerHello or HelloRetryRequest and
// EncryptedExtensions. The zero value of a field means that the extension is absent.
type ServerExtensions struct {
	ServerName               bool // the name was used
	PointFormats             []byte
	ALPN                     []byte // the protocol chosen
	SRTP                     *UseSRTP
	MaxFragmentLength        uint8  // the client's value, echoed
	RecordSizeLimit          uint16 // bytes of plaintext, at least MinRecordSizeLimit
	EncryptThenMAC           bool
	ExtendedMasterSecret     bool
	SessionTicket            bool // a new_session_ticket will follow
	StatusRequest            bool // a certificate_status may follow
	HasRenegotiationInfo     bool
	RenegotiationInfo        []byte
	HasConnectionID          bool
	ConnectionID             []byte
	HasClientCertificateType bool
	ClientCertificateType    uint8
	HasServerCertificateType bool
	ServerCertificateType    uint8
	RRC                      bool

	// Those of DTLS 1.3.

	SelectedVersion     Version  // of supported_versions; in ServerHello and HelloRetryRequest
	KeyShare            KeyShare // in ServerHello
	SelectedGroup       Group    // the key_share of a HelloRetryRequest
	Cookie              []byte   // in HelloRetryRequest
	HasSelectedIdentity bool     // of pre_shared_key; in ServerHello
	SelectedIdentity    uint16
	SupportedGroups     Uint16List // in EncryptedExtensions
	EarlyData           bool       // in EncryptedExtensions

	// Present lists every extension that was parsed, unknown ones included, in the order received: the
	// client has to check that it offered each of them. AppendTo ignores it.
	Present []Extension
}

// ParseServerExtensions parses the extensions of a ServerHello of DTLS 1.2. The content of unknown ones is
// skipped; known ones must be well-formed, and none may come twice. Slices in the result are views into
// raw.
func ParseServerExtensions(raw []byte) (ServerExtensions, error) {
	return parseServerExtensions(InServerHello, "server_hello", raw)
}

func parseServerExtensions(in MessageSet, message string, raw []byte) (ServerExtensions, error) {
	var e ServerExtensions
	err := visitExtensions(message, raw, func(id Extension, body cryptobyte.String) error {
		e.Present = append(e.Present, id)
		if !id.In(in) {
			return nil
		}
		ok, legal := e.parseOne(in, id, &body)
		if !ok || !body.Empty() {
			return ParseError{message, id.String()}
		}
		if !legal {
			return IllegalError{message, id.String()}
		}
		return nil
	})
	if err != nil {
		return ServerExtensions{}, err
	}
	return e, nil
}

// parseOne reads an extension that is allowed in the message.
func (e *ServerExtensions) parseOne(in MessageSet, id Extension, s *cryptobyte.String) (ok, legal bool) {
	ok, legal = true, true
	switch id {
	case ExtensionServerName:
		e.ServerName = true
	case ExtensionMaxFragmentLength:
		ok = s.ReadUint8(&e.MaxFragmentLength)
		legal = legalMaxFragmentLength(e.MaxFragmentLength)
	case ExtensionStatusRequest:
		e.StatusRequest = true
	case ExtensionPointFormats:
		ok = readOpaque8(s, &e.PointFormats) && len(e.PointFormats) > 0
	case ExtensionUseSRTP:
		// RFC 5764, Section 4.1.1: the answer names exactly one profile.
		ok = readUseSRTP(s, &e.SRTP) && e.SRTP.Profiles.Len() == 1
	case ExtensionALPN:
		ok = readOneProtocolName(s, &e.ALPN)
	case ExtensionClientCertificateType:
		e.HasClientCertificateType = true
		ok = s.ReadUint8(&e.ClientCertificateType)
	case ExtensionServerCertificateType:
		e.HasServerCertificateType = true
		ok = s.ReadUint8(&e.ServerCertificateType)
	case ExtensionEncryptThenMAC:
		e.EncryptThenMAC = true
	case ExtensionExtendedMasterSecret:
		e.ExtendedMasterSecret = true
	case ExtensionRecordSizeLimit:
		ok = s.ReadUint16(&e.RecordSizeLimit)
		legal = e.RecordSizeLimit >= MinRecordSizeLimit
	case ExtensionSessionTicket:
		e.SessionTicket = true
	case ExtensionConnectionID:
		e.HasConnectionID = true
		ok = readOpaque8(s, &e.ConnectionID)
	case ExtensionRenegotiationInfo:
		e.HasRenegotiationInfo = true
		ok = readOpaque8(s, &e.RenegotiationInfo)
	case ExtensionRRC:
		e.RRC = true
	default:
		ok, legal = e.parseOne13(in, id, s)
	}
	return ok, legal
}

// AppendTo appends the content of an extensions vector, which may be nothing; nil when a field is too
// long.
func (e ServerExtensions) AppendTo(b []byte) []byte {
	b = begin(b)
	if e.ServerName {
		b = appendFlag(b, ExtensionServerName)
	}
	if e.ExtendedMasterSecret {
		b = appendFlag(b, ExtensionExtendedMasterSecret)
	}
	if e.EncryptThenMAC {
		b = appendFlag(b, ExtensionEncryptThenMAC)
	}
	if e.SessionTicket {
		b = appendFlag(b, ExtensionSessionTicket)
	}
	if e.StatusRequest {
		b = appendFlag(b, ExtensionStatusRequest)
	}
	if e.HasRenegotiationInfo {
		b = appendVector8(b, ExtensionRenegotiationInfo, e.RenegotiationInfo)
	}
	if len(e.PointFormats) > 0 {
		b = appendVector8(b, ExtensionPointFormats, e.PointFormats)
	}
	if len(e.ALPN) > 0 {
		b = appendProtocolNames(b, [][]byte{e.ALPN})
	}
	if e.SRTP != nil {
		b = appendUseSRTP(b, e.SRTP)
	}
	if e.MaxFragmentLength != 0 {
		b = appendRaw(b, ExtensionMaxFragmentLength, []byte{e.MaxFragmentLength})
	}
	if e.RecordSizeLimit != 0 {
		b = appendRaw(b, ExtensionRecordSizeLimit, AppendUint16s(nil, e.RecordSizeLimit))
	}
	if e.HasConnectionID {
		b = appendVector8(b, ExtensionConnectionID, e.ConnectionID)
	}
	if e.HasClientCertificateType {
		b = appendRaw(b, ExtensionClientCertificateType, []byte{e.ClientCertificateType})
	}
	if e.HasServerCertificateType {
		b = appendRaw(b, ExtensionServerCertificateType, []byte{e.ServerCertificateType})
	}
	if e.RRC {
		b = appendFlag(b, ExtensionRRC)
	}
	return e.append13(b)
}
