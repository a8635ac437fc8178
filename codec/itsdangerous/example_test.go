package itsdangerous_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/sessctl/sessctl/codec/itsdangerous"
)

// The clock of these examples, so that their output stays the same.
func noon() time.Time { return time.Unix(1700000000, 0) }

func Example() {
	// As in Python: URLSafeTimedSerializer("secret", salt="activate")
	s, err := itsdangerous.NewURLSafeTimedSerializer(itsdangerous.Config{
		Keys: [][]byte{[]byte("secret")},
		Salt: []byte("activate"),
		Now:  noon,
	})
	if err != nil {
		panic(err)
	}
	token, err := s.DumpsJSON(map[string]int{"user": 42})
	if err != nil {
		panic(err)
	}
	fmt.Println(token)

	var data struct{ User int }
	info, err := s.LoadsJSON(token, &data, time.Hour)
	fmt.Println(data.User, info.SignedAt, err)
	// Output:
	// eyJ1c2VyIjo0Mn0.ZVPxAA.oFq_kQhSMePARgiz6bCgjsfERv8
	// 42 2023-11-14 22:13:20 +0000 UTC <nil>
}

func ExampleSigner() {
	s, err := itsdangerous.NewSigner(itsdangerous.Config{Keys: [][]byte{[]byte("secret")}})
	if err != nil {
		panic(err)
	}
	signed := s.Sign([]byte("value"))
	fmt.Printf("%s\n", signed)

	value, _, err := s.Unsign(signed)
	fmt.Printf("%s %v\n", value, err)
	// Output:
	// value.-2b2Vg1X_KBU1C6DLNDlPUR2w6M
	// value <nil>
}

// A new secret goes to the end of the list. Values that an older one signed are
// still read; Info says so, and they can be signed again.
func ExampleInfo() {
	old, err := itsdangerous.NewSerializer(itsdangerous.Config{Keys: [][]byte{[]byte("old")}})
	if err != nil {
		panic(err)
	}
	signed, err := old.DumpsJSON("data")
	if err != nil {
		panic(err)
	}

	keys := [][]byte{[]byte("old"), []byte("new")}
	s, err := itsdangerous.NewSerializer(itsdangerous.Config{Keys: keys})
	if err != nil {
		panic(err)
	}
	payload, info, err := s.Loads([]byte(signed))
	fmt.Printf("%s, by an older key: %t, %v\n", payload, info.Key < len(keys)-1, err)
	// Output:
	// "data", by an older key: true, <nil>
}

// What is authentic, but too old, still says what it was and when.
func ExampleError() {
	c := itsdangerous.Config{Keys: [][]byte{[]byte("secret")}, Now: noon}
	s, err := itsdangerous.NewTimestampSigner(c)
	if err != nil {
		panic(err)
	}
	signed, err := s.Sign([]byte("value"))
	if err != nil {
		panic(err)
	}

	c.Now = func() time.Time { return noon().Add(time.Hour) }
	later, err := itsdangerous.NewTimestampSigner(c)
	if err != nil {
		panic(err)
	}
	_, _, err = later.Unsign(signed, time.Minute)
	fmt.Println(err)
	var e *itsdangerous.Error
	if errors.Is(err, itsdangerous.ErrExpired) && errors.As(err, &e) {
		fmt.Printf("%s %v\n", e.UnverifiedPayload(), e.UnverifiedSignedAt())
	}
	// Output:
	// itsdangerous: signature has expired
	// value 2023-11-14 22:13:20 +0000 UTC
}

// A format that is no longer written can still be read.
func ExampleConfig_fallbacks() {
	old, err := itsdangerous.NewSerializer(itsdangerous.Config{Keys: [][]byte{[]byte("secret")}})
	if err != nil {
		panic(err)
	}
	signed, err := old.DumpsJSON("data")
	if err != nil {
		panic(err)
	}

	s, err := itsdangerous.NewSerializer(itsdangerous.Config{
		Keys:      [][]byte{[]byte("secret")},
		Digest:    itsdangerous.SHA256,
		Fallbacks: []itsdangerous.Config{{Digest: itsdangerous.SHA1}},
	})
	if err != nil {
		panic(err)
	}
	var data string
	info, err := s.LoadsJSON(signed, &data)
	fmt.Println(data, info.Signer, err)
	// Output:
	// data 1 <nil>
}
