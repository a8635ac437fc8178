// Command gin shows sessions in a gin engine. The middleware that gin needs for
// them is in sessions.go, to be copied.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8001", "address to listen on")
	flag.Parse()
	gin.SetMode(gin.ReleaseMode)
	app, err := newApp([]byte(os.Getenv("SESSION_SECRET")))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, app))
}

var userID = codec.NewField[int64]("user_id")

func newApp(secret []byte) (http.Handler, error) {
	cookies, err := codec.NewStarlette(codec.StarletteConfig{
		Keys:   codec.Keys{Current: codec.NewKey("2026", secret)},
		Cookie: codec.Attributes{Insecure: true}, // this is http; leave it out on https
	})
	if err != nil {
		return nil, err
	}
	sessions, err := session.NewClientSide(cookies, session.Options{})
	if err != nil {
		return nil, err
	}
	engine := gin.New()
	engine.Use(gin.Logger(), gin.Recovery(), withSessions(sessions))
	engine.POST("/login/:user", login)
	users := engine.Group("/", onlyUsers)
	users.GET("/me", me)
	users.POST("/logout", logout)
	return engine, nil
}

func login(c *gin.Context) {
	id, err := strconv.ParseInt(c.Param("user"), 10, 64) // a real app asks for a password
	if err != nil {
		c.String(http.StatusBadRequest, "user must be a number")
		return
	}
	s, err := session.Load(c.Request)
	if err != nil {
		c.AbortWithStatus(http.StatusServiceUnavailable)
		return
	}
	s.Regenerate()
	userID.Set(s.Values, id)
	c.JSON(http.StatusOK, gin.H{"user": id})
}

// onlyUsers lets only those in who are logged in.
func onlyUsers(c *gin.Context) {
	s, err := session.Load(c.Request)
	if err != nil {
		c.AbortWithStatus(http.StatusServiceUnavailable)
		return
	}
	id, err := userID.Get(s.Values)
	if err != nil {
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "log in first"})
		return
	}
	c.Set("user", id)
}

func me(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"user": c.GetInt64("user")}) }

func logout(c *gin.Context) {
	s, err := session.Load(c.Request)
	if err != nil {
		c.AbortWithStatus(http.StatusServiceUnavailable)
		return
	}
	s.Destroy()
	c.Status(http.StatusNoContent)
}
