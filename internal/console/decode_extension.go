package console

import (
	"fmt"

	"github.com/dtlsd/dtlsd/dtls"
	"github.com/dtlsd/dtlsd/internal/wire"
)

// clientExtension shows one extension of a ClientHello.
func (f *fields) clientExtension(id wire.Extension, one []byte, chosen *choice) error {
	e, err := wire.ParseClientExtensions13(one)
	if err != nil {
		return err
	}
	if f.clientExtension13(id, &e, chosen) {
		return nil
	}
	name := id.String()
	switch id {
	case wire.ExtensionServerName:
		f.add(name, e.ServerName)
	case wire.ExtensionSupportedGroups:
		f.add(name, names(e.SupportedGroups, wire.Group.String)...)
		f.accept(chosen.group != 0, chosen.group.String())
	case wire.ExtensionPointFormats:
		f.add(name, pointFormats(e.PointFormats)...)
	case wire.ExtensionSignatureAlgorithms:
		f.add(name, names(e.SignatureAlgorithms, wire.SignatureScheme.String)...)
		f.accept(chosen.sign != 0, chosen.sign.String())
	case wire.ExtensionSignatureAlgorithmsCert:
		f.add(name, names(e.SignatureAlgorithmsCert, wire.SignatureScheme.String)...)
	case wire.ExtensionALPN:
		f.add(name, texts(e.ALPN)...)
		f.accept(chosen.has(id), dtls.Escape(string(chosen.ext.ALPN)))
	case wire.ExtensionUseSRTP:
		f.add(name, names(e.SRTP.Profiles, srtpName)...)
		if chosen.ext.SRTP != nil {
			f.accept(true, srtpName(chosen.ext.SRTP.Profiles.At(0)))
		}
	case wire.ExtensionSupportedVersions:
		f.add(name, names(e.SupportedVersions, wire.Version.String)...)
		f.accept(chosen.is13(), wire.VersionDTLS13.String())
	case wire.ExtensionMaxFragmentLength:
		f.size(name, wire.MaxFragmentBytes(e.MaxFragmentLength))
	case wire.ExtensionRecordSizeLimit:
		f.size(name, int(e.RecordSizeLimit))
	case wire.ExtensionStatusRequest:
		f.add(name, "OCSP")
	case wire.ExtensionClientCertificateType:
		f.add(name, certificateTypes(e.ClientCertificateTypes)...)
	case wire.ExtensionServerCertificateType:
		f.add(name, certificateTypes(e.ServerCertificateTypes)...)
	case wire.ExtensionEncryptThenMAC, wire.ExtensionExtendedMasterSecret:
		f.offer(id, chosen)
	case wire.ExtensionSessionTicket:
		f.size(name, len(e.SessionTicket))
	case wire.ExtensionConnectionID:
		f.size(name, len(e.ConnectionID))
	case wire.ExtensionRenegotiationInfo:
		f.size(name, len(e.RenegotiationInfo))
	default:
		f.opaque(id, one)
	}
	return nil
}

// offer shows an extension that is there or not, and whether the server took it.
func (f *fields) offer(id wire.Extension, chosen *choice) {
	f.add(id.String(), "offered")
	if chosen.made {
		(*f)[len(*f)-1].Values[0].Accepted = new(chosen.has(id))
	}
}

// serverExtension shows one extension of a server's message: of that of DTLS 1.3,
// or 0 for the ServerHello of DTLS 1.2.
func (f *fields) serverExtension(id wire.Extension, one []byte, in wire.MessageSet) error {
	parse := wire.ParseServerExtensions
	if in != 0 {
		parse = func(raw []byte) (wire.ServerExtensions, error) { return wire.ParseServerExtensions13(in, raw) }
	}
	e, err := parse(one)
	if err != nil {
		return err
	}
	if in != 0 && f.serverExtension13(id, &e) {
		return nil
	}
	name := id.String()
	switch id {
	case wire.ExtensionALPN:
		f.add(name, string(e.ALPN))
	case wire.ExtensionPointFormats:
		f.add(name, pointFormats(e.PointFormats)...)
	case wire.ExtensionUseSRTP:
		f.add(name, srtpName(e.SRTP.Profiles.At(0)))
	case wire.ExtensionMaxFragmentLength:
		f.size(name, wire.MaxFragmentBytes(e.MaxFragmentLength))
	case wire.ExtensionRecordSizeLimit:
		f.size(name, int(e.RecordSizeLimit))
	case wire.ExtensionServerName, wire.ExtensionStatusRequest, wire.ExtensionEncryptThenMAC,
		wire.ExtensionExtendedMasterSecret, wire.ExtensionSessionTicket:
		f.add(name, "accepted")
	case wire.ExtensionConnectionID:
		f.size(name, len(e.ConnectionID))
	case wire.ExtensionRenegotiationInfo:
		f.size(name, len(e.RenegotiationInfo))
	case wire.ExtensionClientCertificateType:
		f.add(name, certificateTypes([]byte{e.ClientCertificateType})...)
	case wire.ExtensionServerCertificateType:
		f.add(name, certificateTypes([]byte{e.ServerCertificateType})...)
	default:
		f.opaque(id, one)
	}
	return nil
}

// pointFormats names the formats of RFC 8422, Section 5.1.2.
func pointFormats(formats []byte) []string {
	return numbered(formats, "format", "uncompressed", "ansiX962_compressed_prime", "ansiX962_compressed_char2")
}

// certificateTypes names the types of RFC 7250, Section 3.
func certificateTypes(types []byte) []string {
	return numbered(types, "type", "X.509", "OpenPGP", "raw public key")
}

// numbered names numbers that stand for something.
func numbered(numbers []byte, kind string, known ...string) []string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		if int(n) < len(known) {
			texts[i] = known[n]
		} else {
			texts[i] = fmt.Sprintf("%s %d", kind, n)
		}
	}
	return texts
}

// srtpName names the protection profiles of RFC 5764, Section 4.1.2 and
// RFC 7714, Section 14.2.
func srtpName(profile uint16) string {
	switch profile {
	case 1:
		return "SRTP_AES128_CM_HMAC_SHA1_80"
	case 2:
		return "SRTP_AES128_CM_HMAC_SHA1_32"
	case 7:
		return "SRTP_AEAD_AES_128_GCM"
	case 8:
		return "SRTP_AEAD_AES_256_GCM"
	default:
		return fmt.Sprintf("profile 0x%04x", profile)
	}
}
