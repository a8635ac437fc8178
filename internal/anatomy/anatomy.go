// Package anatomy takes the value of a session cookie apart by its form alone,
// without a key and whatever state it is in: what a person looks at when
// nothing can be decoded.
//
// It knows the two formats of package codec, and is as lenient as that is
// strict: it says what is there, not whether it is right.
package anatomy

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Part is a stretch of a value.
type Part struct {
	Name    string
	Offset  int // in bytes; see Signed and Sealed
	Size    int // in bytes
	Meaning string
}

// Signed returns the parts of a signed value, of which the last is the
// signature and the one before it the timestamp, if there are three. Offsets
// count in the value itself; the dots between the parts belong to none.
func Signed(value string) []Part {
	fields := strings.Split(value, ".")
	known := []Part{
		{Name: "payload", Meaning: "the session: JSON in base64"},
		{Name: "timestamp", Meaning: "when it was signed: seconds since 1970 in base64"},
		{Name: "signature", Meaning: "HMAC-SHA1 of all before it, in base64"},
	}
	switch n := len(fields); {
	case n == 1:
		known = known[:1]
	case n == 2:
		known = []Part{known[0], known[2]}
	case n > 3: // whatever it is, the end of it is what a signer would look at
		fields = append([]string{strings.Join(fields[:n-2], ".")}, fields[n-2:]...)
	}
	offset := 0
	for i, field := range fields {
		known[i].Offset, known[i].Size = offset, len(field)
		offset += len(field) + len(".")
	}
	return known
}

// Marker stands in an encrypted value between what is encrypted and what is
// only authenticated.
const Marker = "additional_authenticated_data="

const (
	nonceSize = 12
	tagSize   = 16
)

// Sealed returns the parts of an encrypted value. Offsets count in what its
// base64 decodes to, as far as it does.
func Sealed(value string) []Part {
	raw := decode(value)
	sealed, aad := raw, []byte(nil)
	marker := bytes.LastIndex(raw, []byte(Marker))
	if marker >= 0 {
		sealed, aad = raw[:marker], raw[marker+len(Marker):]
	}
	var parts []Part
	offset := 0
	add := func(name string, size int, meaning string) {
		if size > 0 {
			parts = append(parts, Part{name, offset, size, meaning})
			offset += size
		}
	}
	body := max(0, len(sealed)-nonceSize-tagSize)
	add("nonce", min(nonceSize, len(sealed)), "random, another one for each cookie")
	if marker < 0 { // cut: nobody can tell where the ciphertext ends
		add("ciphertext", len(sealed)-nonceSize, "the session: JSON, encrypted; its end is missing")
		return parts
	}
	add("ciphertext", body, "the session: JSON, encrypted with AES-GCM")
	add("tag", len(sealed)-body-min(nonceSize, len(sealed)), "authenticates nonce, ciphertext and AAD")
	add("marker", len(Marker), "the text "+Marker)
	add("aad", len(aad), "when it expires: JSON in clear, authenticated")
	return parts
}

// decode returns what can be decoded of base64: all up to the first error.
func decode(value string) []byte {
	raw, _ := base64.StdEncoding.DecodeString(value)
	return raw
}

// Misspelled says how base64 differs from what Python writes, padded or, for
// signatures, for URLs and without padding. It is empty if it does not, or if
// Python could not read it either.
func Misspelled(text string, forURLs bool) string {
	ours, others, encoding := "+/", "-_", base64.StdEncoding
	if forURLs {
		ours, others, encoding = others, ours, base64.RawURLEncoding
	}
	if strict, err := encoding.Strict().DecodeString(text); err == nil && encoding.EncodeToString(strict) == text {
		return ""
	}
	var letters strings.Builder
	foreign, otherAlphabet := false, false
	for _, c := range strings.TrimRight(text, "=") {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.ContainsRune(ours, c):
			letters.WriteRune(c)
		case strings.ContainsRune(others, c):
			otherAlphabet = true
			letters.WriteByte(ours[strings.IndexRune(others, c)])
		default:
			foreign = true
		}
	}
	unpadded := base64.RawStdEncoding
	if forURLs {
		unpadded = base64.RawURLEncoding
	}
	raw, err := unpadded.DecodeString(letters.String())
	switch {
	case err != nil:
		return ""
	case foreign:
		return "characters that are not of its alphabet"
	case otherAlphabet && forURLs:
		return "+ and / where Python writes - and _"
	case otherAlphabet:
		return "- and _ where Python writes + and /"
	case unpadded.EncodeToString(raw) != letters.String():
		return "bits at its end that stand for nothing"
	}
	return "padding with = that is missing or too much"
}
