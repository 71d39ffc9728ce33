// Command bare measures what no handshake and no echo in Go can do without: the
// operations of the standard library alone. It prints one line of JSON with the
// CPU time of one operation, in the form of the load generator.
package main

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	warmUp = 100 * time.Millisecond
	period = 400 * time.Millisecond

	maxBatch = 256 // operations between two looks at the clock
)

func main() {
	exchange := flag.String("g", "", "key agreement: P-256, X25519 or X25519MLKEM768, a server's part")
	sign := flag.Bool("s", false, "and a signature with ECDSA and P-256")
	record := flag.Int("b", 0, "open and seal a record of so many bytes with AES-128-GCM")
	flag.Parse()
	operation, err := choose(*exchange, *sign, *record)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	measure(operation, warmUp)
	json.NewEncoder(os.Stdout).Encode(map[string]any{"scenario": "bare", "server_cpu_us": measure(operation, period)})
}

// choose puts the parts together to one operation.
func choose(exchange string, sign bool, record int) (func(), error) {
	var parts []func()
	if sign {
		parts = append(parts, signature())
	}
	if record > 0 {
		parts = append(parts, openAndSeal(record))
	}
	group := exchange
	if exchange == "X25519MLKEM768" {
		group, parts = "X25519", append(parts, encapsulation())
	}
	curves := map[string]ecdh.Curve{"P-256": ecdh.P256(), "X25519": ecdh.X25519()}
	if curve := curves[group]; curve != nil {
		parts = append(parts, agreement(curve))
	} else if group != "" {
		return nil, fmt.Errorf("no group %q", exchange)
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("nothing to measure")
	}
	return func() {
		for _, part := range parts {
			part()
		}
	}, nil
}

func agreement(curve ecdh.Curve) func() {
	peer := must(curve.GenerateKey(rand.Reader)).PublicKey().Bytes()
	return func() {
		own := must(curve.GenerateKey(rand.Reader))
		must(own.ECDH(must(curve.NewPublicKey(peer))))
		own.PublicKey().Bytes()
	}
}

func encapsulation() func() {
	peer := must(mlkem.GenerateKey768()).EncapsulationKey().Bytes()
	return func() { must(mlkem.NewEncapsulationKey768(peer)).Encapsulate() }
}

func signature() func() {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	hash := sha256.Sum256(nil)
	return func() { must(key.Sign(nil, hash[:], crypto.SHA256)) }
}

func openAndSeal(size int) func() {
	aead := must(cipher.NewGCM(must(aes.NewCipher(make([]byte, 16)))))
	nonce, additional := make([]byte, aead.NonceSize()), make([]byte, 13)
	record := aead.Seal(nil, nonce, make([]byte, size), additional)
	return func() {
		plain := must(aead.Open(record[:0], nonce, record, additional))
		record = aead.Seal(plain[:0], nonce, plain, additional)
	}
}

// measure returns the microseconds of CPU that one operation takes. It looks at
// the clock more and more rarely, so that this costs nothing.
func measure(operation func(), period time.Duration) float64 {
	begun, count := processTime(), 0
	for batch := 1; processTime()-begun < period; batch = min(2*batch, maxBatch) {
		for range batch {
			operation()
		}
		count += batch
	}
	return (processTime() - begun).Seconds() * 1e6 / float64(count)
}

func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// must is for operations that cannot fail with the keys made here.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
