// Command echo shows sessions in echo. The middleware that echo needs for them
// is in sessions.go, to be copied.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8001", "address to listen on")
	flag.Parse()
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
	e := echo.New()
	e.Use(middleware.Recover(), withSessions(sessions))
	e.POST("/login/:user", login)
	users := e.Group("", onlyUsers)
	users.GET("/me", me)
	users.POST("/logout", logout)
	return e, nil
}

func login(c *echo.Context) error {
	id, err := echo.PathParam[int64](c, "user") // a real app asks for a password
	if err != nil {
		return echo.NewHTTPError(http.StatusBadRequest, "user must be a number")
	}
	s, err := session.Load(c.Request())
	if err != nil {
		return echo.ErrServiceUnavailable.Wrap(err)
	}
	s.Regenerate()
	userID.Set(s.Values, id)
	return c.JSON(http.StatusOK, map[string]int64{"user": id})
}

// onlyUsers lets only those in who are logged in.
func onlyUsers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		s, err := session.Load(c.Request())
		if err != nil {
			return echo.ErrServiceUnavailable.Wrap(err)
		}
		id, err := userID.Get(s.Values)
		if err != nil {
			return echo.NewHTTPError(http.StatusUnauthorized, "log in first")
		}
		c.Set("user", id)
		return next(c)
	}
}

func me(c *echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{"user": c.Get("user")})
}

func logout(c *echo.Context) error {
	s, err := session.Load(c.Request())
	if err != nil {
		return echo.ErrServiceUnavailable.Wrap(err)
	}
	s.Destroy()
	return c.NoContent(http.StatusNoContent)
}
