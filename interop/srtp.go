package interop

// A protection profile of use_srtp (RFC 5764, Section 4.1.2) has as many names as there are programs. A Scenario names
// it as OpenSSL does.
const (
	srtpProfile   = "SRTP_AES128_CM_SHA1_80"
	srtpProfileID = 0x0001
)

var (
	gnuTLSProfiles  = map[string]string{srtpProfile: "SRTP_AES128_CM_HMAC_SHA1_80"}
	mbedTLSProfiles = map[string]string{srtpProfile: "0x0001"}
)
