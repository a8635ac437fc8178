// Package codec reads and writes the session cookies of Python web frameworks,
// so that a Go service shares sessions with the Python apps beside it:
//
//   - Starlette's SessionMiddleware, and so FastAPI: JSON in base64, signed
//     with itsdangerous ([NewStarlette]).
//   - Litestar v2 and Starlite v1 client-side sessions: JSON encrypted with
//     AES-GCM and split over several cookies ([NewLitestar]).
//
// [NewMigration] reads several of them and writes one.
//
// # Sessions
//
// A [Codec] turns the cookies of a request into a [Session], and the [Values]
// of a session into cookies:
//
//	s, err := c.Read(r)                    // err says why a session is empty
//	userID, err := codec.Get[int64](s.Values, "user_id")
//	err = s.Set("seen", true)
//	err = c.Write(w, r, s.Values)          // before the response's body
//
// Values keeps what it is not told to change byte for byte as Python wrote it:
// the order of keys, 1.0 and 1e16, integers of any size, NaN, lone surrogates.
// What is written is spelled as the Python framework spells it. What the
// framework could not read is refused ([ErrUnsupported]), for Python answers
// 500 to every later request of a browser that holds such a cookie.
//
// A Starlette cookie is renewed only when it is written again, a Litestar app
// writes one on every response. Write when the session was changed
// ([Values.Modified]), when it is Stale, and to renew it when Age says so.
//
// # Terms
//
// The max age is how long a cookie is valid. Starlette's cookie says when it
// was signed and the reader applies the max age; Litestar's says when it
// expires. A chunk is one of the numbered cookies of a value that is too long
// for one. A key is a secret with a label; see [Key] and [Keys] for rotation,
// and [Key.Until] for its end. AAD, additional authenticated data, is what
// AES-GCM authenticates but does not encrypt: here, the expiry.
//
// # Strictness
//
// Python's readers are lenient; this one takes only what Python writes. Refused,
// though Python may read it: base64 in any but its canonical spelling,
// signatures with padding or foreign characters, AAD but {"expires_at":N}, JSON
// in UTF-16, UTF-32 or after a byte order mark, and values beyond the limits of
// this package ([MaxCookieSize], [MaxValueSize] and those of [Values]). Of a
// cookie that is sent twice the last counts, as in Python, and chunks are joined
// in the order of their numbers, where Python sorts them as text. Several Cookie
// headers are one, as in Starlette since 0.49; Litestar reads only the first.
//
// # Security
//
// A signed cookie can be read by whoever holds it: keep secrets out of it, or
// use the encrypted one. Neither can be revoked before it expires, and a copied
// cookie is as good as the first. Starlette signs with HMAC-SHA1; the known
// attacks on SHA-1 find collisions, which do not break HMAC. AES-GCM nonces are
// random: do not write more than 2^32 cookies under one key. Signatures are
// compared in constant time. No error text holds a secret or a value.
//
// Formats, versions and their traps are tested against the real packages; see
// the vectors in testdata.
package codec
