// Package session is net/http middleware for sessions that Python apps beside it
// share: in cookies, those of package codec, or in a store, with an id in the
// cookie ([NewServerSide]).
//
//	sessions, err := session.NewClientSide(cookies, session.Options{}) // cookies is a *codec.Codec
//	http.ListenAndServe(addr, sessions.Handler(mux))
//
// and in a handler:
//
//	s, err := session.Load(r)
//	userID, err := codec.Get[int64](s.Values, "user_id")
//	err = s.Set("seen", true)
//
// # When the cookie is written
//
// Once, before the first byte of the response, whoever writes it: Write,
// WriteHeader (101 counts, other 1xx do not), Flush, Hijack, ReadFrom, or the
// handler's return. It is written when the session was modified, as Starlette
// has done since 1.0; when an old key or format opened it ([codec.Info].Stale),
// keeping its expiry; and when it is older than [Options].RenewAfter. A handler
// that panics writes none.
//
// From then on a change is an error, [ErrCommitted]: the headers are on their
// way. A handler that streams changes the session first, or calls
// [Session.Save] to see whether that works before it begins.
//
// A session that cannot be written, because it is too large or holds what
// Python could not read, makes an error response instead of the handler's:
// status, headers and body. See [Options].Fail.
//
// A timeout between the middleware and the handler that answers in its stead has
// the last word: nothing is saved, and what the handler changes later goes
// nowhere. Around the middleware, it keeps cookies from the client alone: in a
// store, what a late handler changed is saved.
//
// # Migration
//
// From one format or key to another with nobody logged out, in three phases,
// each rolled out when the one before it runs everywhere:
//
//  1. Go reads both and writes the old, beside the Python app as it was: a
//     [codec.NewMigration] to the old codec from the new one.
//  2. Go reads both and writes the new, under a cookie name of its own, beside the
//     Python app that uses it: a migration to the new codec from the old one. Each
//     session moves with the first request that asks for it here, keeps what is
//     left of its life, and the old cookie is cleared.
//  3. Only the new is read, once [Counters] say that nobody comes with the old. Its
//     key has had an end from the beginning ([codec.Key.Until]), so that whoever
//     got hold of it cannot sign sessions for ever. Set the end a max age or more
//     after phase 2 begins: past it, phase 1 can write no session, and phase 2
//     reads none of the old.
//
// [Options].From does the same between cookies and stores.
//
// # Bad cookies
//
// What is forged, expired, damaged or foreign is an empty session and a call of
// [Options].OnReject, never an error: whoever sends cookies must not be able to
// break the page. A request that changes nothing clears nothing, whatever was
// wrong with its cookies.
//
// # Concurrent requests
//
// Where the session is in the cookie, of two requests at a time each changes its
// own copy, and the response that reaches the browser last counts. In Python it
// is the same. In a store that is a [Swapper] they lose none of each other's
// keys.
//
// # Revocation
//
// A session in a store ends when it is deleted there: one by [Store].Delete, all by
// [Clearer], a user's by [Manager.RevokeUser], which needs a [UserIndex], or by
// [Manager.RevokeFunc], which reads them all. A request that is under way does not
// bring it back. A session in a cookie cannot be ended so, but refused
// ([Options].Accept).
//
// # Other middleware
//
// Put recovering middleware around the sessions: within, it answers as if the
// handler had returned, and what a panic left half done is saved.
//
// Put [http.TimeoutHandler] around them, too. Within, its handler may still run
// while the timeout is answered; then nothing of the session is saved, and
// [Options].OnError is told.
//
// A WebSocket library that hijacks the connection before it calls WriteHeader
// sends no headers of its own accord: give it w.Header() as the headers of its
// response, after [Session.Save] if it copies them before.
//
// Package session/sessiontest helps to test handlers; session/examples has
// programs with net/http, chi, gin and echo.
package session
