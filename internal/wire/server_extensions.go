package wire

import "golang.org/x/crypto/cryptobyte"

// ServerExtensions are the extensions of a ServerHello that dtlsd knows: the server's answers to
// ClientExtensions. The zero value of a field means that the extension is absent.
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

	// Present lists every extension that was parsed, unknown ones included, in the order received: the
	// client has to check that it offered each of them. AppendTo ignores it.
	Present []Extension
}

// ParseServerExtensions parses the extensions of a ServerHello. The content of unknown ones is skipped;
// known ones must be well-formed, and none may come twice. Slices in the result are views into raw.
func ParseServerExtensions(raw []byte) (ServerExtensions, error) {
	var e ServerExtensions
	err := visitExtensions("server_hello", raw, func(id Extension, body cryptobyte.String) error {
		e.Present = append(e.Present, id)
		return e.parseOne(id, &body)
	})
	if err != nil {
		return ServerExtensions{}, err
	}
	return e, nil
}

func (e *ServerExtensions) parseOne(id Extension, s *cryptobyte.String) error {
	ok, legal := true, true
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
	default:
		return nil
	}
	if !ok || !s.Empty() {
		return ParseError{"server_hello", id.String()}
	}
	if !legal {
		return IllegalError{"server_hello", id.String()}
	}
	return nil
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
	return b
}
