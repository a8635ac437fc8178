package main

import (
	"github.com/labstack/echo/v5"

	"github.com/sessctl/sessctl/session"
)

// withSessions makes echo middleware of m. Use it after middleware.Recover, so
// that a panic saves nothing.
//
// echo.WrapMiddleware(m.Handler) is shorter. But it leaves its writer in the
// context, so echo's response to a panic saves what the panic left in the
// session.
func withSessions(m *session.Manager) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			under := c.Response()
			w, r, finish := m.Begin(under, c.Request())
			c.SetRequest(r)
			c.SetResponse(w) // echo finds its *Response by Unwrap
			defer c.SetResponse(under)
			err := next(c)
			if finish() != nil {
				return nil // the error response is written; echo must not add one
			}
			return err // its response, by echo's error handler, has the cookie
		}
	}
}
