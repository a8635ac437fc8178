package codec_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/sessctl/sessctl/codec"
)

func ExampleGet() {
	session, err := codec.ParseValues(`{"user_id": 42, "theme": null, "rate": 1.0, "cart": {"items": ["tea"]}}`)
	if err != nil {
		log.Fatal(err)
	}
	id, err := codec.Get[int64](session, "user_id")
	fmt.Println(id, err)

	// Python's None is no value, not "".
	_, err = codec.Get[string](session, "theme")
	fmt.Println(errors.Is(err, codec.ErrNoValue))

	// A float is no integer, even if it looks like one.
	_, err = codec.Get[int](session, "rate")
	fmt.Println(err)

	cart, err := codec.Get[struct {
		Items []string `json:"items"`
	}](session, "cart")
	fmt.Println(cart.Items, err)
	// Output:
	// 42 <nil>
	// true
	// codec: value does not fit the type: key "rate": the number does not fit int
	// [tea] <nil>
}

func ExampleValues_Set() {
	var session codec.Values
	for _, err := range []error{
		session.Set("user", "Zoë"),
		session.Set("visits", 1),
		session.Set("rate", 1e16),
		session.Set("roles", map[string]bool{"staff": true, "admin": false}),
	} {
		if err != nil {
			log.Fatal(err)
		}
	}
	for _, peer := range []codec.Format{codec.FormatStarlette, codec.FormatLitestar} {
		text, err := session.AppendJSON(nil, peer)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", text)
	}
	// Output:
	// {"user": "Zo\u00eb", "visits": 1, "rate": 1e+16, "roles": {"admin": false, "staff": true}}
	// {"user":"Zoë","visits":1,"rate":1e16,"roles":{"admin":false,"staff":true}}
}

func ExampleField() {
	userID := codec.NewField[int64]("user_id")

	var session codec.Values
	if err := userID.Set(&session, 42); err != nil {
		log.Fatal(err)
	}
	id, err := userID.Get(&session)
	fmt.Println(userID.Key(), id, err)
	// Output: user_id 42 <nil>
}

func ExampleValues_All() {
	session, err := codec.ParseValues(`{"z": 1.0, "a": [1, 2], "caf\u00e9": "\u00e9"}`)
	if err != nil {
		log.Fatal(err)
	}
	for key, json := range session.All() {
		fmt.Println(key, json)
	}
	// Output:
	// z 1.0
	// a [1, 2]
	// café "\u00e9"
}
