// Package sessiontest helps to test handlers that use package session.
//
// A request that is user 42, and what the response made of the session:
//
//	r := sessiontest.Request(t, cookies, "POST", "/cart", map[string]any{"user_id": 42})
//	w := httptest.NewRecorder()
//	app.ServeHTTP(w, r)
//	s := sessiontest.Written(t, cookies, w.Result())
//
// cookies is the codec that the app was made with. All of this works with every
// [session.Codec], be the session in one cookie or in several.
//
// [Browser] keeps cookies over several requests, and [Clock] is a clock that
// stands still until it is told to go on.
//
// [TestStore] is the suite that every [session.Store] has to pass.
package sessiontest
