package dtlstest

import (
	"crypto"
	"crypto/rsa"
	"math/big"
	"sync"
)

// rsaKey returns the RSA key of all tests; finding another takes too long.
var rsaKey = sync.OnceValue(func() crypto.Signer {
	p := number("f3681cba6af8f2b864275957331e3b1ede921ee32c238cb42055cb3c9d9ac8e4d7703d8524037cabc046cba8bd58a129" +
		"56974be985625fdff2ebb5303126292d56d96337a68d0597059ba861f5ae22fef6f21e1465584de39e5bdaf536c9aef2" +
		"aa53af817a14e464817d81bd7cb1a27553f2903bce5f97f65cb5c4e7debdc44b")
	q := number("b65b4bf511ad00be824105da16751e5ee8b9231d0b620864e7a4229e23e5c4c2ff075e6df8e3928d7841962fa9dc9824" +
		"45e440bb5a56e9458e6aabb3569e27c344c8b7b2ad2f21a7203b1e31f5148f4cb0ebd0800b8a1ff5589119f1c2e5360e" +
		"8298537de88d11f3d68bf75f14cc0ac4b9673c8882c9dd4be21528ab0fe18787")
	one := big.NewInt(1)
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537},
		Primes:    []*big.Int{p, q},
	}
	totient := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key.D = new(big.Int).ModInverse(big.NewInt(int64(key.E)), totient)
	key.Precompute()
	if err := key.Validate(); err != nil {
		panic(err)
	}
	return key
})

func number(hex string) *big.Int {
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		panic("dtlstest: not a hexadecimal number")
	}
	return n
}
