package interop

// A protection profile of use_srtp, SRTP_AES128_CM_HMAC_SHA1_80 of RFC 5764, Section 4.1.2, has as many names as there
// are programs; a Scenario names it as OpenSSL does.
const srtpProfile = "SRTP_AES128_CM_SHA1_80"

var (
	gnuTLSProfiles  = map[string]string{srtpProfile: "SRTP_AES128_CM_HMAC_SHA1_80"}
	mbedTLSProfiles = map[string]string{srtpProfile: "0x0001"}
)
