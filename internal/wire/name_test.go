package wire

import (
	"fmt"
	"testing"
)

func TestNumbersHaveTheNamesOfTheRegistries(t *testing.T) {
	tests := []struct {
		value fmt.Stringer
		want  string
	}{
		{VersionDTLS10, "DTLS 1.0"},
		{VersionDTLS12, "DTLS 1.2"},
		{VersionDTLS13, "DTLS 1.3"},
		{Version(0x0303), "version 0x0303"},
		{ContentChangeCipherSpec, "change_cipher_spec"},
		{ContentAlert, "alert"},
		{ContentHandshake, "handshake"},
		{ContentApplicationData, "application_data"},
		{ContentCID, "tls12_cid"},
		{ContentACK, "ack"},
		{ContentReturnRoutabilityCheck, "return_routability_check"},
		{ContentType(24), "content_type 24"},
		{TypeHelloRequest, "hello_request"},
		{TypeClientHello, "client_hello"},
		{TypeServerHello, "server_hello"},
		{TypeHelloVerifyRequest, "hello_verify_request"},
		{TypeNewSessionTicket, "new_session_ticket"},
		{TypeCertificate, "certificate"},
		{TypeServerKeyExchange, "server_key_exchange"},
		{TypeCertificateRequest, "certificate_request"},
		{TypeServerHelloDone, "server_hello_done"},
		{TypeCertificateVerify, "certificate_verify"},
		{TypeClientKeyExchange, "client_key_exchange"},
		{TypeFinished, "finished"},
		{TypeCertificateStatus, "certificate_status"},
		{TypeEndOfEarlyData, "end_of_early_data"},
		{TypeEncryptedExtensions, "encrypted_extensions"},
		{TypeRequestConnectionID, "request_connection_id"},
		{TypeNewConnectionID, "new_connection_id"},
		{TypeKeyUpdate, "key_update"},
		{TypeMessageHash, "message_hash"},
		{HandshakeType(99), "handshake_type 99"},
		{TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, "0xC0AE"},
		{TLS_AES_128_CCM_8_SHA256, "0x1305"},
		{TLS_EMPTY_RENEGOTIATION_INFO_SCSV, "0x00FF"},
		{GroupP256, "P-256"},
		{GroupP384, "P-384"},
		{GroupP521, "P-521"},
		{GroupX25519, "X25519"},
		{GroupX448, "X448"},
		{GroupX25519MLKEM768, "X25519MLKEM768"},
		{Group(0x0100), "group 0x0100"},
		{PKCS1WithSHA1, "rsa_pkcs1_sha1"},
		{ECDSAWithSHA1, "ecdsa_sha1"},
		{PKCS1WithSHA256, "rsa_pkcs1_sha256"},
		{ECDSAWithP256AndSHA256, "ecdsa_secp256r1_sha256"},
		{PKCS1WithSHA384, "rsa_pkcs1_sha384"},
		{ECDSAWithP384AndSHA384, "ecdsa_secp384r1_sha384"},
		{PKCS1WithSHA512, "rsa_pkcs1_sha512"},
		{ECDSAWithP521AndSHA512, "ecdsa_secp521r1_sha512"},
		{PSSWithSHA256, "rsa_pss_rsae_sha256"},
		{PSSWithSHA384, "rsa_pss_rsae_sha384"},
		{PSSWithSHA512, "rsa_pss_rsae_sha512"},
		{Ed25519, "ed25519"},
		{SignatureScheme(0x0808), "signature_scheme 0x0808"},
		{ExtensionExtendedMasterSecret, "extended_master_secret"},
		{ExtensionRenegotiationInfo, "renegotiation_info"},
		{Extension(0x0a0a), "extension 0x0a0a"},
	}
	for _, test := range tests {
		if got := test.value.String(); got != test.want {
			t.Errorf("%T %v: got %q, want %q", test.value, test.value, got, test.want)
		}
	}
}
