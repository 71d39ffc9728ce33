package suite

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

type ccmVector struct {
	name                                string
	key, nonce, data, plaintext, sealed string
	tag                                 int
}

// NIST SP 800-38C, Appendix C, and RFC 3610, Section 8.
var ccmVectors = []ccmVector{
	{"SP 800-38C Example 1", "404142434445464748494a4b4c4d4e4f", "10111213141516", "0001020304050607", "20212223", "7162015b4dac255d", 4},
	{
		"SP 800-38C Example 2", "404142434445464748494a4b4c4d4e4f", "1011121314151617", "000102030405060708090a0b0c0d0e0f",
		"202122232425262728292a2b2c2d2e2f", "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd", 6,
	},
	{
		"SP 800-38C Example 3", "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
		"202122232425262728292a2b2c2d2e2f3031323334353637", "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951", 8,
	},
	{"RFC 3610 Packet Vector #1", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000003020100a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e", "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0", 8},
	{"RFC 3610 Packet Vector #2", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000004030201a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916", 8},
	{"RFC 3610 Packet Vector #3", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000005040302a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5", 8},
	{"RFC 3610 Packet Vector #4", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000006050403a0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e", "a28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1", 8},
	{"RFC 3610 Packet Vector #5", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000007060504a0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e1f", "dcf1fb7b5d9e23fb9d4e131253658ad86ebdca3e51e83f077d9c2d93", 8},
	{"RFC 3610 Packet Vector #6", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000008070605a0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e1f20", "6fc1b011f006568b5171a42d953d469b2570a4bd87405a0443ac91cb94", 8},
	{"RFC 3610 Packet Vector #7", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000009080706a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e", "0135d1b2c95f41d5d1d4fec185d166b8094e999dfed96c048c56602c97acbb7490", 10},
	{"RFC 3610 Packet Vector #8", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000a090807a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "7b75399ac0831dd2f0bbd75879a2fd8f6cae6b6cd9b7db24c17b4433f434963f34b4", 10},
	{"RFC 3610 Packet Vector #9", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000b0a0908a0a1a2a3a4a5", "0001020304050607", "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20", "82531a60cc24945a4b8279181ab5c84df21ce7f9b73f42e197ea9c07e56b5eb17e5f4e", 10},
	{"RFC 3610 Packet Vector #10", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000c0b0a09a0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e", "07342594157785152b074098330abb141b947b566aa9406b4d999988dd", 10},
	{"RFC 3610 Packet Vector #11", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000d0c0b0aa0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e1f", "676bb20380b0e301e8ab79590a396da78b834934f53aa2e9107a8b6c022c", 10},
	{"RFC 3610 Packet Vector #12", "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000e0d0c0ba0a1a2a3a4a5", "000102030405060708090a0b", "0c0d0e0f101112131415161718191a1b1c1d1e1f20", "c0ffa0d6f05bdb67f24d43a4338d2aa4bed7b20e43cd1aa31662e7ad65d6db", 10},
	{"RFC 3610 Packet Vector #13", "d7828d13b2b0bdc325a76236df93cc6b", "00412b4ea9cdbe3c9696766cfa", "0be1a88bace018b1", "08e8cf97d820ea258460e96ad9cf5289054d895ceac47c", "4cb97f86a2a4689a877947ab8091ef5386a6ffbdd080f8e78cf7cb0cddd7b3", 8},
	{"RFC 3610 Packet Vector #14", "d7828d13b2b0bdc325a76236df93cc6b", "0033568ef7b2633c9696766cfa", "63018f76dc8a1bcb", "9020ea6f91bdd85afa0039ba4baff9bfb79c7028949cd0ec", "4ccb1e7ca981befaa0726c55d378061298c85c92814abc33c52ee81d7d77c08a", 8},
	{"RFC 3610 Packet Vector #15", "d7828d13b2b0bdc325a76236df93cc6b", "00103fe41336713c9696766cfa", "aa6cfa36cae86b40", "b916e0eacc1c00d7dcec68ec0b3bbb1a02de8a2d1aa346132e", "b1d23a2220ddc0ac900d9aa03c61fcf4a559a4417767089708a776796edb723506", 8},
	{"RFC 3610 Packet Vector #16", "d7828d13b2b0bdc325a76236df93cc6b", "00764c63b8058e3c9696766cfa", "d0d0735c531e1becf049c244", "12daac5630efa5396f770ce1a66b21f7b2101c", "14d253c3967b70609b7cbb7c499160283245269a6f49975bcadeaf", 8},
	{"RFC 3610 Packet Vector #17", "d7828d13b2b0bdc325a76236df93cc6b", "00f8b678094e3b3c9696766cfa", "77b60f011c03e1525899bcae", "e88b6a46c78d63e52eb8c546efb5de6f75e9cc0d", "5545ff1a085ee2efbf52b2e04bee1e2336c73e3f762c0c7744fe7e3c", 8},
	{"RFC 3610 Packet Vector #18", "d7828d13b2b0bdc325a76236df93cc6b", "00d560912d3f703c9696766cfa", "cd9044d2b71fdb8120ea60c0", "6435acbafb11a82e2f071d7ca4a5ebd93a803ba87f", "009769ecabdf48625594c59251e6035722675e04c847099e5ae0704551", 8},
	{"RFC 3610 Packet Vector #19", "d7828d13b2b0bdc325a76236df93cc6b", "0042fff8f1951c3c9696766cfa", "d85bc7e69f944fb8", "8a19b950bcf71a018e5e6701c91787659809d67dbedd18", "bc218daa947427b6db386a99ac1aef23ade0b52939cb6a637cf9bec2408897c6ba", 10},
	{"RFC 3610 Packet Vector #20", "d7828d13b2b0bdc325a76236df93cc6b", "00920f40e56cdc3c9696766cfa", "74a0ebc9069f5b37", "1761433c37c5a35fc1f39f406302eb907c6163be38c98437", "5810e6fd25874022e80361a478e3e9cf484ab04f447efff6f0a477cc2fc9bf548944", 10},
	{"RFC 3610 Packet Vector #21", "d7828d13b2b0bdc325a76236df93cc6b", "0027ca0c7120bc3c9696766cfa", "44a3aa3aae6475ca", "a434a8e58500c6e41530538862d686ea9e81301b5ae4226bfa", "f2beed7bc5098e83feb5b31608f8e29c38819a89c8e776f1544d4151a4ed3a8b87b9ce", 10},
	{"RFC 3610 Packet Vector #22", "d7828d13b2b0bdc325a76236df93cc6b", "005b8ccbcd9af83c9696766cfa", "ec46bb63b02520c33c49fd70", "b96b49e21d621741632875db7f6c9243d2d7c2", "31d750a09da3ed7fddd49a2032aabf17ec8ebf7d22c8088c666be5c197", 10},
	{"RFC 3610 Packet Vector #23", "d7828d13b2b0bdc325a76236df93cc6b", "003ebe94044b9a3c9696766cfa", "47a65ac78b3d594227e85e71", "e2fcfbb880442c731bf95167c8ffd7895e337076", "e882f1dbd38ce3eda7c23f04dd65071eb41342acdf7e00dccec7ae52987d", 10},
	{"RFC 3610 Packet Vector #24", "d7828d13b2b0bdc325a76236df93cc6b", "008d493b30ae8b3c9696766cfa", "6e37a6ef546d955d34ab6059", "abf21c0b02feb88f856df4a37381bce3cc128517d4", "f32905b88a641b04b9c9ffb58cc390900f3da12ab16dce9e82efa16da62059", 10},

	// Computed with OpenSSL, in the form of records: a nonce of 12 bytes, 13 bytes of additional data.
	{"AES-128, 0 bytes", "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "202122232425262728292a2b2c", "", "fffedfb63ed32f8b", 8},
	{"AES-128, 35 bytes", "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152", "13848b9376c11b85329545fb4859e5b93bf690f471024c6cbea1ed1b9f6823cb0d42fe2032df01a78b74b6", 8},
	{"AES-128, 130 bytes", "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1", "13848b9376c11b85329545fb4859e5b93bf690f471024c6cbea1ed1b9f6823cb0d42fe39b7c969e442bd18a5a363e69ffdae31534cbd6764f5ac39c88682625f02fed82b73c5e368f51e7b144c9d00b0ab846e2962c3d42244b398af55d23938b841c2d21ff346724cf2a4cf2c733acfd346563b91671279af756970def6973d4acb525d315e160da496", 8},
	{"AES-128, 0 bytes", "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "202122232425262728292a2b2c", "", "6777838790f7b870286996d30012fe39", 16},
	{"AES-128, 35 bytes", "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152", "13848b9376c11b85329545fb4859e5b93bf690f471024c6cbea1ed1b9f6823cb0d42fe2c39b29f907e681b0d42883249d0af15", 16},
	{"AES-128, 130 bytes", "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1", "13848b9376c11b85329545fb4859e5b93bf690f471024c6cbea1ed1b9f6823cb0d42fe39b7c969e442bd18a5a363e69ffdae31534cbd6764f5ac39c88682625f02fed82b73c5e368f51e7b144c9d00b0ab846e2962c3d42244b398af55d23938b841c2d21ff346724cf2a4cf2c733acfd346563b91671279af756970def6973d4acb104d125c40105a5187e4b535183785fe", 16},
	{"AES-256, 0 bytes", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "101112131415161718191a1b", "202122232425262728292a2b2c", "", "671a0200e5fec312", 8},
	{"AES-256, 35 bytes", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152", "4181c330527e565754caa75500628e0e76b5e56ea141734e311c7c336c872143f54473652e7ba4f54d7f15", 8},
	{"AES-256, 130 bytes", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1", "4181c330527e565754caa75500628e0e76b5e56ea141734e311c7c336c872143f544739dc9ea50a5dd663eb7108f0782d0e0ef8557ab8ca8a9f935f0a7c2fb05673eaa4ce52d7c5e062c8a859628d42bdc691eeb48ec9970204a2ed796023ee89c22fb9de4101bf38ad13315365ca9224d4fa52d8322da2b65ff8cec093439807ed6d5301d36e9246aba", 8},
	{"AES-256, 0 bytes", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "101112131415161718191a1b", "202122232425262728292a2b2c", "", "0afbfc136b2cca13b7a93cf7774a6c8e", 16},
	{"AES-256, 35 bytes", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152", "4181c330527e565754caa75500628e0e76b5e56ea141734e311c7c336c872143f544735eb517fe6bdeb9298faa1a21c533efe2", 16},
	{"AES-256, 130 bytes", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "101112131415161718191a1b", "202122232425262728292a2b2c", "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1", "4181c330527e565754caa75500628e0e76b5e56ea141734e311c7c336c872143f544739dc9ea50a5dd663eb7108f0782d0e0ef8557ab8ca8a9f935f0a7c2fb05673eaa4ce52d7c5e062c8a859628d42bdc691eeb48ec9970204a2ed796023ee89c22fb9de4101bf38ad13315365ca9224d4fa52d8322da2b65ff8cec093439807ed6f3ddff9b003ea1875a9e3c642f7c8fc5", 16},
}

func (v ccmVector) aead(t testing.TB) *ccm {
	t.Helper()
	c, err := newCCM(newAES(t, unhex(t, v.key)), len(v.nonce)/2, v.tag)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newAES(t testing.TB, key []byte) cipher.Block {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	return block
}

func TestCCMVectors(t *testing.T) {
	for _, v := range ccmVectors {
		c := v.aead(t)
		nonce, data := unhex(t, v.nonce), unhex(t, v.data)
		plaintext, sealed := unhex(t, v.plaintext), unhex(t, v.sealed)
		if got := c.Seal(nil, nonce, plaintext, data); !bytes.Equal(got, sealed) {
			t.Errorf("%s: sealed %x, want %x", v.name, got, sealed)
		}
		if got, err := c.Open(nil, nonce, sealed, data); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%s: opened %x, %v", v.name, got, err)
		}
	}
}

// NIST SP 800-38C, Appendix C, Example 4: 65536 bytes of additional data, the
// length of which takes the long form.
func TestCCMLongAdditionalData(t *testing.T) {
	c, err := newCCM(newAES(t, count(0x40, 16)), 13, 14)
	if err != nil {
		t.Fatal(err)
	}
	sealed := c.Seal(nil, count(0x10, 13), count(0x20, 32), count(0, 1<<16))
	want := unhex(t, "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72b4ac6bec93e8598e7f0dadbcea5b")
	if !bytes.Equal(sealed, want) {
		t.Errorf("sealed %x, want %x", sealed, want)
	}
	if _, err := c.Open(nil, count(0x10, 13), sealed, count(0, 1<<16)); err != nil {
		t.Error(err)
	}
}

func TestCCMRefusesEveryChange(t *testing.T) {
	for _, v := range ccmVectors[:3] {
		c := v.aead(t)
		open := func(nonce, sealed, data []byte) error {
			_, err := c.Open(nil, nonce, sealed, data)
			return err
		}
		nonce, data, sealed := unhex(t, v.nonce), unhex(t, v.data), unhex(t, v.sealed)
		for _, input := range [][]byte{nonce, data, sealed} {
			for i := range input {
				for bit := range 8 {
					input[i] ^= 1 << bit
					if err := open(nonce, sealed, data); err != ErrOpen {
						t.Errorf("%s: byte %d of %x changed: %v", v.name, i, input, err)
					}
					input[i] ^= 1 << bit
				}
			}
		}
		for n := range sealed {
			if err := open(nonce, sealed[:n], data); err != ErrOpen {
				t.Errorf("%s: cut to %d bytes: %v", v.name, n, err)
			}
		}
		if err := open(nonce, append(sealed, 0), data); err != ErrOpen {
			t.Errorf("%s: one byte more: %v", v.name, err)
		}
	}
}

func TestCCMReleasesNothingThatFailed(t *testing.T) {
	v := ccmVectors[2]
	sealed := unhex(t, v.sealed)
	sealed[len(sealed)-1] ^= 1
	n := len(sealed) - v.tag
	if _, err := v.aead(t).Open(sealed[:0], unhex(t, v.nonce), sealed, unhex(t, v.data)); err != ErrOpen {
		t.Fatal(err)
	}
	if !bytes.Equal(sealed[:n], make([]byte, n)) {
		t.Errorf("unauthenticated plaintext %x left behind", sealed[:n])
	}
}

// slowCCM seals with 12-byte nonces in the plainest way: format all blocks of
// the MAC, run CBC over them, add CTR. NIST SP 800-38C, Section 6.1.
func slowCCM(block cipher.Block, tag int, nonce, plaintext, data []byte) []byte {
	pad := func(b []byte) []byte { return append(b, make([]byte, (16-len(b)%16)%16)...) }
	flags := byte((tag-2)/2<<3 | 2)
	if len(data) > 0 {
		flags |= 0x40
	}
	blocks := append([]byte{flags}, nonce...)
	blocks = append(blocks, byte(len(plaintext)>>16), byte(len(plaintext)>>8), byte(len(plaintext)))
	if len(data) > 0 {
		blocks = binary.BigEndian.AppendUint16(blocks, uint16(len(data)))
		blocks = pad(append(blocks, data...))
	}
	blocks = pad(append(blocks, plaintext...))
	cipher.NewCBCEncrypter(block, make([]byte, 16)).CryptBlocks(blocks, blocks)
	mac := blocks[len(blocks)-16:]

	stream := cipher.NewCTR(block, append(append([]byte{2}, nonce...), 0, 0, 0))
	stream.XORKeyStream(mac, mac)
	sealed := make([]byte, len(plaintext), len(plaintext)+tag)
	stream.XORKeyStream(sealed, plaintext)
	return append(sealed, mac[:tag]...)
}

func TestCCMAgreesWithThePlainForm(t *testing.T) {
	const seed = 20
	random := rand.NewChaCha8([32]byte{seed})
	bytesOf := func(n int) []byte {
		b := make([]byte, n)
		random.Read(b)
		return b
	}
	for _, keyLen := range []int{16, 32} {
		for _, tag := range []int{4, 8, 16} {
			block := newAES(t, bytesOf(keyLen))
			c, err := NewCCM(block, tag)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 300 {
				nonce, plaintext, data := bytesOf(12), bytesOf(n), bytesOf(n%40)
				want := slowCCM(block, tag, nonce, plaintext, data)
				if got := c.Seal(nil, nonce, plaintext, data); !bytes.Equal(got, want) {
					t.Fatalf("seed %d: key %d, tag %d, %d bytes: sealed %x, want %x", seed, keyLen, tag, n, got, want)
				}
				if got, err := c.Open(nil, nonce, want, data); err != nil || !bytes.Equal(got, plaintext) {
					t.Fatalf("seed %d: key %d, tag %d, %d bytes: opened %x, %v", seed, keyLen, tag, n, got, err)
				}
			}
		}
	}
}

func TestCCMWorksInPlaceAndAppends(t *testing.T) {
	c, err := NewCCM(newAES(t, count(0, 16)), 16)
	if err != nil {
		t.Fatal(err)
	}
	nonce := count(7, 12)
	for _, n := range []int{0, 1, 15, 16, 17, 127, 128, 129, 1000} {
		plaintext := count(3, n)
		want := c.Seal(nil, nonce, plaintext, nil)
		buffer := append(make([]byte, 0, n+16), plaintext...)
		if got := c.Seal(buffer[:0], nonce, buffer, nil); !bytes.Equal(got, want) || n > 0 && &got[0] != &buffer[0] {
			t.Errorf("%d bytes: sealed in place %x, want %x", n, got, want)
		}
		if got, err := c.Open(want[:0:n], nonce, want, nil); err != nil || !bytes.Equal(got, plaintext) {
			t.Errorf("%d bytes: opened in place %x, %v", n, got, err)
		}
		if got := c.Seal([]byte("prefix"), nonce, plaintext, nil); string(got[:6]) != "prefix" || len(got) != 6+n+16 {
			t.Errorf("%d bytes: appended %q", n, got)
		}
	}
}

func TestNewCCMChecksItsArguments(t *testing.T) {
	block := newAES(t, count(0, 16))
	for tag := -1; tag < 20; tag++ {
		if _, err := NewCCM(block, tag); (err == nil) != (tag >= 4 && tag <= 16 && tag%2 == 0) {
			t.Errorf("tag of %d bytes: %v", tag, err)
		}
	}
	for nonce := range 20 {
		if _, err := newCCM(block, nonce, 16); (err == nil) != (nonce >= 7 && nonce <= 13) {
			t.Errorf("nonce of %d bytes: %v", nonce, err)
		}
	}
	small, err := des.NewCipher(count(0, 8))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewCCM(small, 16); err == nil {
		t.Error("CCM over blocks of 8 bytes")
	}
}

func TestCCMPanicsOnMisuse(t *testing.T) {
	c, err := newCCM(newAES(t, count(0, 16)), 13, 16)
	if err != nil {
		t.Fatal(err)
	}
	mustPanic(t, "short nonce", func() { c.Seal(nil, count(0, 12), nil, nil) })
	mustPanic(t, "long nonce", func() { c.Open(nil, count(0, 14), make([]byte, 16), nil) })
	mustPanic(t, "plaintext beyond the length field", func() { c.Seal(nil, count(0, 13), make([]byte, 1<<16), nil) })
	if _, err := c.Open(nil, count(0, 13), make([]byte, 1<<16+16), nil); err != ErrOpen {
		t.Errorf("ciphertext beyond the length field: %v", err)
	}
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}

func FuzzCCM(f *testing.F) {
	f.Add(count(0, 16), count(0, 12), []byte("plaintext"), []byte("data"))
	f.Add(count(0, 32), count(0, 12), make([]byte, 200), []byte{})
	f.Fuzz(func(t *testing.T, key, nonce, plaintext, data []byte) {
		block, err := aes.NewCipher(key)
		if err != nil || len(nonce) != ccmNonceSize || len(data) >= 1<<16-1<<8 {
			return
		}
		c, err := NewCCM(block, 8)
		if err != nil {
			t.Fatal(err)
		}
		sealed := c.Seal(nil, nonce, plaintext, data)
		if want := slowCCM(block, 8, nonce, plaintext, data); !bytes.Equal(sealed, want) {
			t.Fatalf("sealed %x, want %x", sealed, want)
		}
		if opened, err := c.Open(nil, nonce, sealed, data); err != nil || !bytes.Equal(opened, plaintext) {
			t.Fatalf("opened %x, %v", opened, err)
		}
		if _, err := c.Open(nil, nonce, plaintext, data); err == nil {
			t.Fatalf("%x opens", plaintext)
		}
	})
}
