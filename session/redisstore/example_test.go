package redisstore_test

import (
	"crypto/tls"
	"log"
	"net/http"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/redisstore"
)

// A Go service beside a Litestar app with
//
//	stores={"sessions": RedisStore.with_client("rediss://redis.example:6380")}
func Example() {
	client := redis.NewClient(&redis.Options{
		Addr: "redis.example:6380", TLSConfig: &tls.Config{}, ContextTimeoutEnabled: true,
	})
	store, err := redisstore.New(redisstore.Config{Client: client, Namespace: redisstore.Litestar})
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.NewServerSide(store, session.ServerConfig{}, session.Options{})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8001", sessions.Handler(http.DefaultServeMux)))
}
