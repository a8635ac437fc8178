package itsdangerous

import (
	"crypto/fips140"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

var secret = [][]byte{[]byte("secret")}

// constructors makes one of each, for what they all refuse.
var constructors = map[string]func(Config) error{
	"Signer":                 func(c Config) error { _, err := NewSigner(c); return err },
	"TimestampSigner":        func(c Config) error { _, err := NewTimestampSigner(c); return err },
	"Serializer":             func(c Config) error { _, err := NewSerializer(c); return err },
	"TimedSerializer":        func(c Config) error { _, err := NewTimedSerializer(c); return err },
	"URLSafeSerializer":      func(c Config) error { _, err := NewURLSafeSerializer(c); return err },
	"URLSafeTimedSerializer": func(c Config) error { _, err := NewURLSafeTimedSerializer(c); return err },
}

func TestConstructorsRefuse(t *testing.T) {
	for class, construct := range constructors {
		if err := construct(Config{Keys: secret}); err != nil {
			t.Errorf("%s: %v", class, err)
		}
		for name, c := range map[string]Config{
			"no keys":            {},
			"an empty list":      {Keys: [][]byte{}},
			"an empty secret":    {Keys: [][]byte{[]byte("secret"), nil}},
			"separator":          {Keys: secret, Separator: "-"},
			"derivation":         {Keys: secret, Derivation: NoDerivation + 1},
			"digest":             {Keys: secret, Digest: SHA512 + 1},
			"algorithm":          {Keys: secret, Algorithm: NoSignature + 1},
			"nested fallbacks":   {Keys: secret, Fallbacks: []Config{{Fallbacks: []Config{{}}}}},
			"fallback's clock":   {Keys: secret, Fallbacks: []Config{{Now: time.Now}}},
			"fallback's keys":    {Keys: secret, Fallbacks: []Config{{Keys: [][]byte{}}}},
			"fallback's digest":  {Keys: secret, Fallbacks: []Config{{Digest: SHA512 + 1}}},
			"fallback separator": {Keys: secret, Fallbacks: []Config{{}, {Separator: "="}}},
		} {
			if construct(c) == nil {
				t.Errorf("%s takes %s", class, name)
			}
		}
	}
	for _, class := range []string{"Signer", "TimestampSigner"} {
		if constructors[class](Config{Keys: secret, Fallbacks: []Config{{}}}) == nil {
			t.Errorf("%s takes fallbacks", class)
		}
	}
}

// TestConfigIsCopied changes what the constructor was given.
func TestConfigIsCopied(t *testing.T) {
	for derivation := DjangoConcat; derivation <= NoDerivation; derivation++ {
		key, salt := []byte("secret"), []byte("salt")
		s, err := NewSigner(Config{Keys: [][]byte{key}, Salt: salt, Derivation: derivation})
		if err != nil {
			t.Fatal(err)
		}
		clear(key)
		clear(salt)
		same, err := NewSigner(Config{Keys: secret, Salt: []byte("salt"), Derivation: derivation})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Unsign(same.Sign([]byte("value"))); err != nil {
			t.Errorf("derivation %d: %v", derivation, err)
		}
	}
}

// TestFIPS runs itself in FIPS 140-only mode, where crypto/hmac and crypto/sha1
// panic on what is not allowed.
func TestFIPS(t *testing.T) {
	if fips140.Enforced() {
		testFIPSOnly(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestFIPS$")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func testFIPSOnly(t *testing.T) {
	long := [][]byte{[]byte("a secret of more than fourteen bytes")}
	for class, construct := range constructors {
		for name, c := range map[string]Config{
			"SHA-1":                     {Keys: long},
			"a short key without hash":  {Keys: secret, Digest: SHA256, Derivation: NoDerivation},
			"a short key as HMAC's key": {Keys: secret, Digest: SHA256, Derivation: HMACDerivation},
		} {
			if construct(c) == nil {
				t.Errorf("%s takes %s", class, name)
			}
		}
		if construct(Config{Keys: long, Digest: SHA256, Fallbacks: []Config{{}}}) == nil {
			t.Errorf("%s takes a fallback with SHA-1", class)
		}
	}
	for digest := SHA224; digest <= SHA512; digest++ {
		for derivation := DjangoConcat; derivation <= NoDerivation; derivation++ {
			keys := secret // short ones are allowed where they are hashed
			if derivation == HMACDerivation || derivation == NoDerivation {
				keys = long
			}
			s, err := NewTimestampSigner(Config{Keys: keys, Digest: digest, Derivation: derivation})
			if err != nil {
				t.Fatal(err)
			}
			signed, err := s.Sign([]byte("value"))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := s.Unsign(signed, NoMaxAge); err != nil {
				t.Error(err)
			}
			if _, _, err := s.Unsign(signed[1:], NoMaxAge); !errors.Is(err, ErrMismatch) {
				t.Error(err)
			}
		}
	}
}
