package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/sessctl/sessctl/codec"
)

// attributeKinds are the attributes that --attr takes: as people write them,
// with an = if they have a value, and what they set.
var attributeKinds = []struct {
	word string
	set  func(a *codec.Attributes, value string)
}{
	{"Path=/", func(a *codec.Attributes, path string) { a.Path = path }},
	{"Domain=", func(a *codec.Attributes, domain string) { a.Domain = domain }},
	{"Secure", func(a *codec.Attributes, _ string) { a.Insecure = false }},
	{"HttpOnly", func(*codec.Attributes, string) {}}, // always set
	{"SameSite=Lax", func(a *codec.Attributes, mode string) { a.SameSite = sameSites[strings.ToLower(mode)] }},
	{"Partitioned", func(a *codec.Attributes, _ string) { a.Partitioned = true }},
}

var sameSites = map[string]http.SameSite{
	"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode,
}

// parseAttributes reads the attributes that a flag sets. What they do not name
// is not set, but for Path=/ and HttpOnly, which session cookies always have.
// What browsers would refuse is left to the codec. ageFlag is the flag that
// sets the lifetime.
//
// What is not known is not repeated: it may be a cookie that somebody pasted.
func parseAttributes(flag, ageFlag, s string) (codec.Attributes, error) {
	a := codec.Attributes{Insecure: true, SameSite: http.SameSiteDefaultMode}
	seen := map[string]bool{}
	for i, part := range strings.Split(s, ";") {
		name, value, hasValue := strings.Cut(part, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case name == "" && !hasValue:
			continue
		case name == "max-age", name == "expires":
			return a, usageError("--"+flag+" sets no Max-Age and no Expires", "they follow from the lifetime of the session: --"+ageFlag)
		}
		for _, kind := range attributeKinds {
			known, _, needsValue := strings.Cut(kind.word, "=")
			switch {
			case name != strings.ToLower(known):
				continue
			case seen[name]:
				return a, usageError("--" + flag + " names " + known + " twice")
			case needsValue && value == "":
				return a, usageError(known + " in --" + flag + " needs a value")
			case !needsValue && hasValue:
				return a, usageError(known + " in --" + flag + " takes no value")
			case name == "samesite" && sameSites[strings.ToLower(value)] == 0:
				return a, usageError("SameSite in --" + flag + " is Lax, Strict or None")
			}
			seen[name] = true
			kind.set(&a, value)
		}
		if !seen[name] {
			return a, usageError(fmt.Sprintf("part %d of --%s is no attribute that it can set", i+1, flag),
				"it takes what stands behind the cookie in a Set-Cookie line: "+strings.Join(attributeWords(), "; "))
		}
	}
	return a, nil
}

func attributeWords() []string {
	var words []string
	for _, kind := range attributeKinds {
		words = append(words, kind.word)
	}
	return words
}
