package itsdangerous

import (
	"bytes"
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"
)

// Derivation is how the HMAC key is made of a secret and the salt: Python's
// key_derivation. None of them makes a strong key of a weak secret.
type Derivation uint8

const (
	DjangoConcat   Derivation = iota // H(salt + "signer" + secret), Python's default
	Concat                           // H(salt + secret)
	HMACDerivation                   // HMAC-H(secret, salt); hmac in Python
	NoDerivation                     // the secret itself, the salt is not used; none in Python
)

// Digest is the hash function of the HMAC and of the derivation: Python's
// digest_method.
type Digest uint8

const (
	SHA1 Digest = iota // Python's default; see Security in the package documentation
	SHA224
	SHA256
	SHA384
	SHA512
)

// new returns the constructor of the hash, or nil for an unknown digest.
func (d Digest) new() func() hash.Hash {
	switch d {
	case SHA1:
		return sha1.New
	case SHA224:
		return sha256.New224
	case SHA256:
		return sha256.New
	case SHA384:
		return sha512.New384
	case SHA512:
		return sha512.New
	}
	return nil
}

// Algorithm is Python's algorithm.
type Algorithm uint8

const (
	HMAC        Algorithm = iota // HMACAlgorithm, Python's default
	NoSignature                  // NoneAlgorithm: the signature is empty and nothing is authentic
)

// Config configures every signer and serializer. The constructors copy what
// they keep of it.
type Config struct {
	// Keys are the secrets, oldest first: the last one signs, all are tried,
	// newest first. There must be at least one, and none may be empty.
	Keys [][]byte

	// Salt tells one use of a secret from another. nil is Python's default:
	// itsdangerous.Signer for a signer, itsdangerous for a serializer. Empty
	// but not nil is the empty salt.
	Salt []byte

	// Separator stands between the parts. "" is ".". It must not be a part of
	// Python's base64 alphabet a…zA…Z0…9-_=, which is Python's rule. That rule
	// lets "ba" pass, which can occur in a signature: such a value does not
	// unsign, here nor in Python. Take at least one character that is not in
	// the alphabet.
	Separator string

	Derivation Derivation // 0: DjangoConcat
	Digest     Digest     // 0: SHA1
	Algorithm  Algorithm  // 0: HMAC

	// Now is the clock, for signers and serializers with a timestamp. nil is
	// time.Now. It must be safe for concurrent use.
	Now func() time.Time

	// Fallbacks are other configurations that a serializer reads, but never
	// writes: Python's fallback_signers. In each of them nil Keys and a nil
	// Salt mean those of the serializer, as in Python; every other field has
	// its usual zero value. Their Now and Fallbacks must not be set, nor may a
	// signer have fallbacks.
	Fallbacks []Config
}

const (
	defaultSignerSalt     = "itsdangerous.Signer"
	defaultSerializerSalt = "itsdangerous"
	defaultSeparator      = "."

	// base64Alphabet is Python's, in Python's order: a separator is refused
	// when it is a substring of this.
	base64Alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_="

	// minFIPSKey is the shortest HMAC key, in bytes, that crypto/hmac takes in
	// FIPS-only mode: 112 bits, of FIPS 140-3 IG C.M.
	minFIPSKey = 14
)

func (c *Config) separator() string {
	if c.Separator == "" {
		return defaultSeparator
	}
	return c.Separator
}

func (c *Config) salt(byDefault string) []byte {
	if c.Salt == nil {
		return []byte(byDefault)
	}
	return c.Salt
}

func (c *Config) now() func() time.Time {
	if c.Now == nil {
		return time.Now
	}
	return c.Now
}

func (c *Config) validate() error {
	if len(c.Keys) == 0 {
		return errors.New("itsdangerous: no keys")
	}
	for i, secret := range c.Keys {
		if len(secret) == 0 {
			return fmt.Errorf("itsdangerous: key %d is empty", i)
		}
	}
	if strings.Contains(base64Alphabet, c.separator()) {
		return errors.New("itsdangerous: the separator may be contained in the signature itself")
	}
	if c.Derivation > NoDerivation {
		return fmt.Errorf("itsdangerous: unknown derivation %d", c.Derivation)
	}
	if c.Digest.new() == nil {
		return fmt.Errorf("itsdangerous: unknown digest %d", c.Digest)
	}
	if c.Algorithm > NoSignature {
		return fmt.Errorf("itsdangerous: unknown algorithm %d", c.Algorithm)
	}
	if fips140.Enforced() && c.Algorithm == HMAC {
		return c.validateFIPS()
	}
	return nil
}

// validateFIPS refuses what panics in crypto/hmac and crypto/sha1 at first use.
func (c *Config) validateFIPS() error {
	if c.Digest == SHA1 {
		return errors.New("itsdangerous: SHA-1 is not allowed in FIPS 140-only mode")
	}
	if c.Derivation == HMACDerivation || c.Derivation == NoDerivation {
		for i, secret := range c.Keys {
			if len(secret) < minFIPSKey {
				return fmt.Errorf("itsdangerous: key %d is shorter than %d bytes, which FIPS 140-only mode does not allow", i, minFIPSKey)
			}
		}
	}
	return nil
}

// deriveKey returns the HMAC key of a secret.
func (c *Config) deriveKey(salt, secret []byte) []byte {
	switch c.Derivation {
	case Concat:
		h := c.Digest.new()()
		h.Write(salt)
		h.Write(secret)
		return h.Sum(nil)
	case HMACDerivation:
		h := hmac.New(c.Digest.new(), secret)
		h.Write(salt)
		return h.Sum(nil)
	case NoDerivation:
		return bytes.Clone(secret)
	default:
		h := c.Digest.new()()
		h.Write(salt)
		h.Write([]byte("signer"))
		h.Write(secret)
		return h.Sum(nil)
	}
}
