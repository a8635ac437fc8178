package memcachedstore_test

import (
	"crypto/tls"
	"log"
	"net/http"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/memcachedstore"
)

// A Go service beside a Starlite app that has
// MemcachedBackendConfig(memcached=Client("cache.internal")).
func Example() {
	store, err := memcachedstore.New(memcachedstore.Config{Addr: "cache.internal:11211"})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	sessions, err := session.NewServerSide(store, session.ServerConfig{}, session.Options{})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/", sessions.Handler(http.NotFoundHandler()))
}

// A server that speaks TLS, which memcached does with -Z.
func ExampleNew_tls() {
	store, err := memcachedstore.New(memcachedstore.Config{
		Addr: "cache.internal:11211",
		Dial: (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS13}}).DialContext,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
}
