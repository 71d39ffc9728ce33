package wire

import "golang.org/x/crypto/cryptobyte"

// ClientExtensions are the extensions of a ClientHello that dtlsd knows. The zero value of a field means
// that the extension is absent; where an empty extension means something, a field of its own says that
// it is there.
type ClientExtensions struct {
	ServerName              string // host_name, as received
	SupportedGroups         Uint16List
	PointFormats            []byte
	SignatureAlgorithms     Uint16List
	SignatureAlgorithmsCert Uint16List
	ALPN                    [][]byte // protocol names, the client's preference first
	SRTP                    *UseSRTP
	MaxFragmentLength       uint8  // 1 to 4 for 2^9 to 2^12 bytes
	RecordSizeLimit         uint16 // bytes of plaintext, at least MinRecordSizeLimit
	EncryptThenMAC          bool
	ExtendedMasterSecret    bool
	StatusRequest           bool // for OCSP; other kinds of status are as if absent
	HasSessionTicket        bool
	SessionTicket           []byte
	HasRenegotiationInfo    bool
	RenegotiationInfo       []byte
	HasConnectionID         bool
	ConnectionID            []byte
	ClientCertificateTypes  []byte // CertificateType numbers
	ServerCertificateTypes  []byte // CertificateType numbers
	SupportedVersions       Uint16List
	RRC                     bool

	// Those that only DTLS 1.3 gives a meaning.

	HasKeyShare            bool
	KeyShares              KeyShareList // may be empty: the client wants to be told the group
	PSKKeyExchangeModes    []byte       // PSKMode numbers
	Cookie                 []byte       // of a HelloRetryRequest
	EarlyData              bool         // early data follows the hello
	PostHandshakeAuth      bool
	CertificateAuthorities [][]byte // DER of distinguished names
	PreSharedKey           OfferedPSKs

	// Padding, when above 0, makes AppendTo write a padding extension of that many zero bytes, after all
	// others but pre_shared_key. Parsing skips the extension.
	Padding int
}

// ParseClientExtensions parses the extensions of a ClientHello as DTLS 1.2 knows them. Unknown ones, and
// those that only DTLS 1.3 gives a meaning, are skipped; known ones must be well-formed, and none may come
// twice. Slices in the result are views into raw.
func ParseClientExtensions(raw []byte) (ClientExtensions, error) {
	var e ClientExtensions
	err := visitExtensions("client_hello", raw, func(id Extension, body cryptobyte.String) error {
		return e.parseOne(id, &body, false)
	})
	if err != nil {
		return ClientExtensions{}, err
	}
	return e, nil
}

// parseOne reads one extension; with13 says whether it is to read those that only DTLS 1.3 gives a meaning.
func (e *ClientExtensions) parseOne(id Extension, s *cryptobyte.String, with13 bool) error {
	ok, legal := true, true
	switch id {
	case ExtensionServerName:
		ok = readServerName(s, &e.ServerName)
	case ExtensionMaxFragmentLength:
		ok = s.ReadUint8(&e.MaxFragmentLength)
		legal = legalMaxFragmentLength(e.MaxFragmentLength)
	case ExtensionStatusRequest:
		ok = readStatusRequest(s, &e.StatusRequest)
	case ExtensionSupportedGroups:
		ok = readList16(s, &e.SupportedGroups)
	case ExtensionPointFormats:
		ok = readOpaque8(s, &e.PointFormats) && len(e.PointFormats) > 0
	case ExtensionSignatureAlgorithms:
		ok = readList16(s, &e.SignatureAlgorithms)
	case ExtensionUseSRTP:
		ok = readUseSRTP(s, &e.SRTP)
	case ExtensionALPN:
		ok = readProtocolNames(s, &e.ALPN)
	case ExtensionClientCertificateType:
		ok = readOpaque8(s, &e.ClientCertificateTypes) && len(e.ClientCertificateTypes) > 0
	case ExtensionServerCertificateType:
		ok = readOpaque8(s, &e.ServerCertificateTypes) && len(e.ServerCertificateTypes) > 0
	case ExtensionEncryptThenMAC:
		e.EncryptThenMAC = true
	case ExtensionExtendedMasterSecret:
		e.ExtendedMasterSecret = true
	case ExtensionRecordSizeLimit:
		ok = s.ReadUint16(&e.RecordSizeLimit)
		legal = e.RecordSizeLimit >= MinRecordSizeLimit
	case ExtensionSessionTicket:
		e.HasSessionTicket = true
		ok = s.ReadBytes(&e.SessionTicket, len(*s))
	case ExtensionSupportedVersions:
		ok = readList8(s, &e.SupportedVersions)
	case ExtensionSignatureAlgorithmsCert:
		ok = readList16(s, &e.SignatureAlgorithmsCert)
	case ExtensionConnectionID:
		e.HasConnectionID = true
		ok = readOpaque8(s, &e.ConnectionID)
	case ExtensionRenegotiationInfo:
		e.HasRenegotiationInfo = true
		ok = readOpaque8(s, &e.RenegotiationInfo)
	case ExtensionRRC:
		e.RRC = true
	default:
		if !with13 {
			return nil
		}
		ok, legal = e.parseOne13(id, s)
	}
	if !ok || !s.Empty() {
		return ParseError{"client_hello", id.String()}
	}
	if !legal {
		return IllegalError{"client_hello", id.String()}
	}
	return nil
}

// Has reports whether AppendTo writes an extension of type id: whether a client that sent e offered it.
func (e ClientExtensions) Has(id Extension) bool {
	offered := false
	_ = visitExtensions("client_hello", e.AppendTo(nil), func(written Extension, _ cryptobyte.String) error {
		offered = offered || written == id
		return nil
	})
	return offered
}

// AppendTo appends the content of an extensions vector, which may be nothing; nil when a field is too
// long.
func (e ClientExtensions) AppendTo(b []byte) []byte {
	b = begin(b)
	if e.ServerName != "" {
		b = appendServerName(b, e.ServerName)
	}
	if e.ExtendedMasterSecret {
		b = appendFlag(b, ExtensionExtendedMasterSecret)
	}
	if e.EncryptThenMAC {
		b = appendFlag(b, ExtensionEncryptThenMAC)
	}
	if e.HasRenegotiationInfo {
		b = appendVector8(b, ExtensionRenegotiationInfo, e.RenegotiationInfo)
	}
	b = e.appendCryptography(b)
	if e.HasSessionTicket {
		b = appendRaw(b, ExtensionSessionTicket, e.SessionTicket)
	}
	if e.StatusRequest {
		b = appendStatusRequest(b)
	}
	if len(e.ALPN) > 0 {
		b = appendProtocolNames(b, e.ALPN)
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
	if e.RRC {
		b = appendFlag(b, ExtensionRRC)
	}
	b = e.append13(b)
	if e.Padding > 0 {
		b = appendRaw(b, ExtensionPadding, make([]byte, e.Padding))
	}
	if e.PreSharedKey.present() {
		b = e.PreSharedKey.appendTo(b)
	}
	return b
}

// appendCryptography appends the lists of versions, groups, schemes and certificate types.
func (e *ClientExtensions) appendCryptography(b []byte) []byte {
	if len(e.SupportedVersions) > 0 {
		b = appendVector8(b, ExtensionSupportedVersions, e.SupportedVersions)
	}
	if len(e.SupportedGroups) > 0 {
		b = appendVector16(b, ExtensionSupportedGroups, e.SupportedGroups)
	}
	if len(e.PointFormats) > 0 {
		b = appendVector8(b, ExtensionPointFormats, e.PointFormats)
	}
	if len(e.SignatureAlgorithms) > 0 {
		b = appendVector16(b, ExtensionSignatureAlgorithms, e.SignatureAlgorithms)
	}
	if len(e.SignatureAlgorithmsCert) > 0 {
		b = appendVector16(b, ExtensionSignatureAlgorithmsCert, e.SignatureAlgorithmsCert)
	}
	if len(e.ClientCertificateTypes) > 0 {
		b = appendVector8(b, ExtensionClientCertificateType, e.ClientCertificateTypes)
	}
	if len(e.ServerCertificateTypes) > 0 {
		b = appendVector8(b, ExtensionServerCertificateType, e.ServerCertificateTypes)
	}
	return b
}
