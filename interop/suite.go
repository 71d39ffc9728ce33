package interop

import "fmt"

// A Suite is a cipher suite by its code point. It is of one version of DTLS.
type Suite uint16

// A Version is one of DTLS.
type Version uint8

const (
	// DTLS12 is DTLS 1.2.
	DTLS12 Version = iota
	// DTLS13 is DTLS 1.3.
	DTLS13
)

// suiteRow is what this package knows about a suite.
type suiteRow struct {
	id       Suite
	exchange exchange
	name     string // IANA
	openSSL  string // what OpenSSL, and so Qt, calls it; dtlsd reports this name too
}

// exchange says how a suite agrees on keys, and by that which credentials it can use.
type exchange uint8

const (
	exchangePSK exchange = iota
	exchangeECDHEPSK
	exchangeECDHEECDSA // with Ed25519 certificates too: RFC 8422, Section 5.10
	exchangeECDHERSA
	exchange13 // DTLS 1.3: the suite says nothing about it
)

// suites are those of dtlsd, all of them. What a peer has of these is in the peer's own file.
var suites = []suiteRow{
	{0x00a8, exchangePSK, "TLS_PSK_WITH_AES_128_GCM_SHA256", "PSK-AES128-GCM-SHA256"},
	{0x00a9, exchangePSK, "TLS_PSK_WITH_AES_256_GCM_SHA384", "PSK-AES256-GCM-SHA384"},
	{0xccab, exchangePSK, "TLS_PSK_WITH_CHACHA20_POLY1305_SHA256", "PSK-CHACHA20-POLY1305"},
	{0xc0a4, exchangePSK, "TLS_PSK_WITH_AES_128_CCM", "PSK-AES128-CCM"},
	{0xc0a5, exchangePSK, "TLS_PSK_WITH_AES_256_CCM", "PSK-AES256-CCM"},
	{0xc0a8, exchangePSK, "TLS_PSK_WITH_AES_128_CCM_8", "PSK-AES128-CCM8"},
	{0xc0a9, exchangePSK, "TLS_PSK_WITH_AES_256_CCM_8", "PSK-AES256-CCM8"},
	{0x00ae, exchangePSK, "TLS_PSK_WITH_AES_128_CBC_SHA256", "PSK-AES128-CBC-SHA256"},
	{0x00af, exchangePSK, "TLS_PSK_WITH_AES_256_CBC_SHA384", "PSK-AES256-CBC-SHA384"},

	{0xd001, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256", "ECDHE-PSK-AES128-GCM-SHA256"},
	{0xd002, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384", "ECDHE-PSK-AES256-GCM-SHA384"},
	{0xd003, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256", "ECDHE-PSK-AES128-CCM8-SHA256"},
	{0xd005, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", "ECDHE-PSK-AES128-CCM-SHA256"},
	{0xccac, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-PSK-CHACHA20-POLY1305"},
	{0xc037, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256", "ECDHE-PSK-AES128-CBC-SHA256"},
	{0xc038, exchangeECDHEPSK, "TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384", "ECDHE-PSK-AES256-CBC-SHA384"},

	{0xc02b, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{0xc02c, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{0xcca9, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
	{0xc0ac, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", "ECDHE-ECDSA-AES128-CCM"},
	{0xc0ad, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", "ECDHE-ECDSA-AES256-CCM"},
	{0xc0ae, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "ECDHE-ECDSA-AES128-CCM8"},
	{0xc0af, exchangeECDHEECDSA, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", "ECDHE-ECDSA-AES256-CCM8"},

	{0xc02f, exchangeECDHERSA, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
	{0xc030, exchangeECDHERSA, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
	{0xcca8, exchangeECDHERSA, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},

	{0x1301, exchange13, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
	{0x1302, exchange13, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
	{0x1303, exchange13, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"},
	{0x1304, exchange13, "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256"},
	{0x1305, exchange13, "TLS_AES_128_CCM_8_SHA256", "TLS_AES_128_CCM_8_SHA256"},
}

// row returns the suite's row. A suite that is not in the table is a mistake in a peer's table.
func (s Suite) row() suiteRow {
	for _, row := range suites {
		if row.id == s {
			return row
		}
	}
	panic(fmt.Sprintf("suite 0x%04x is not in the table", uint16(s)))
}

// String returns the IANA name.
func (s Suite) String() string { return s.row().name }

// OpenSSL returns the name that OpenSSL and Qt use.
func (s Suite) OpenSSL() string { return s.row().openSSL }

// Version returns the version that has the suite.
func (s Suite) Version() Version {
	if s.row().exchange == exchange13 {
		return DTLS13
	}
	return DTLS12
}

// UsesPSK reports whether the suite always authenticates with a pre-shared key.
func (s Suite) UsesPSK() bool {
	x := s.row().exchange
	return x == exchangePSK || x == exchangeECDHEPSK
}

// UsesECDHE reports whether the suite always makes a fresh key share for each handshake.
func (s Suite) UsesECDHE() bool {
	return s.row().exchange != exchangePSK && s.row().exchange != exchange13
}

// A suiteTable is what a peer has of our suites, with the peer's own name for each.
type suiteTable map[Suite]string

// byName returns the suite that the peer calls name.
func (t suiteTable) byName(name string) (Suite, error) {
	for s, n := range t {
		if n == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("the peer reports a suite %q that its table does not have", name)
}

// openSSLNames is the table of a peer that has these suites under OpenSSL's names.
func openSSLNames(have ...Suite) suiteTable {
	table := make(suiteTable, len(have))
	for _, s := range have {
		table[s] = s.OpenSSL()
	}
	return table
}

// common returns the suites that both have, in the order of the table of all suites.
func common(a, b suiteTable) []Suite {
	var both []Suite
	for _, row := range suites {
		_, inA := a[row.id]
		_, inB := b[row.id]
		if inA && inB {
			both = append(both, row.id)
		}
	}
	return both
}
