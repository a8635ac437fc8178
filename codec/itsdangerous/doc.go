// Package itsdangerous signs data that is handed to someone else and comes
// back, such as a cookie or a link in a mail, as the Python package
// itsdangerous 2.2 does. Each side reads what the other wrote.
//
// Signed data can be read by anyone; only changing it needs the secret.
//
// # Format
//
//	Signer           value . signature
//	TimestampSigner  value . timestamp . signature
//
// The signature is base64 of HMAC(key, all before the last separator), where
// key is derived from the secret and the salt: see [Derivation]. The timestamp
// is described at [AppendTimestamp]. All base64 is the URL-safe alphabet
// without padding. The serializers sign, with another default salt, a payload
// (in Python, and in the methods with JSON in their name, the JSON text of some
// data): [Serializer] and [TimedSerializer] as it is, [URLSafeSerializer] and
// [URLSafeTimedSerializer] in base64 or, where that is shorter, as "." and
// base64 of its zlib stream.
//
// # Terms
//
// A secret is what both sides are given; a key is what is derived from it. The
// salt is no secret: it keeps what was signed for one use from being taken for
// another. Keys rotate: the last in [Config].Keys signs, all of them read, and
// [Info] says which one did. A fallback is another configuration that is only
// read. The age of a value is in whole seconds; it is expired when its age is
// more than the max age, and from the future when that is negative.
//
// # Where this package is stricter than Python
//
// Every value that is read here is the one spelling that Python writes, so a
// value cannot be changed into a second one that means the same (and gets past
// a list of used or revoked ones). What Python reads besides is refused:
//
//   - A signature with padding, in the standard alphabet, with foreign
//     characters in it or with spare bits set: [ErrMismatch]. Python decodes it
//     leniently before it compares.
//   - A timestamp spelled in such a way, or with leading zero bytes, which no
//     release of itsdangerous writes: [ErrBadTimestamp].
//   - A URL-safe payload spelled in such a way, or with bytes after its zlib
//     stream: [ErrBadPayload]. (That a payload is compressed without need, or by
//     another zlib, is no error: Python's and Go's bytes differ.)
//
// And:
//
//   - A timestamp after the year 9999 is [ErrBadTimestamp], or [ErrMismatch]
//     under a wrong signature. Python raises OverflowError, ValueError or
//     OSError: no datetime holds it. (Up to 2.1.1 it does so without a key.)
//   - A URL-safe payload is at most [MaxPayload] bytes, when written too. Python
//     inflates whatever fits into memory.
//   - A mismatch is never an [ErrBadTimeSignature]: see [ErrBadSignature].
//   - If neither a serializer nor its fallbacks made the signature, the error is
//     the serializer's own; Python's is the last fallback's.
//   - No keys and an empty secret are errors of the constructors.
//   - Signing before 1970 or after 9999 is an error. So it is in Python before
//     1970.
//
// Values of itsdangerous 0.24 and older are read, but their timestamps counted
// from 2011: they are taken for 41 years older than they are.
//
// # Security
//
// The default is HMAC-SHA1, because that is Python's. The attacks on SHA-1 find
// collisions; they do not forge an HMAC (RFC 6194, section 3.3). For a format
// of one's own take [SHA256]. In FIPS 140-only mode SHA-1 is refused by the
// constructors, because crypto/hmac panics there.
//
// Signatures are compared in constant time. The secret must be random, at least
// 16 bytes: none of the derivations slows down guessing, and one signed value is
// enough to test guesses. The none algorithm and the Unverified names are for
// debugging: who uses them believes the sender.
//
// A value that was signed stays valid for as long as its key, its max age and
// the clock allow: it can be replayed, and it cannot be revoked.
package itsdangerous
