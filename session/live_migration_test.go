package session_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/compat"
	"github.com/sessctl/sessctl/internal/pylive"
	"github.com/sessctl/sessctl/session"
)

// The phases of a migration from signed cookies to encrypted ones. Each begins
// as many days before now as it says; the clocks of all apps go from one visit
// to the next. The last begins when all that the old app wrote has expired.
const (
	oldKeyPhase  = 33 * 24 * time.Hour // the old app alone, with its first key
	oldPhase     = 28 * 24 * time.Hour // it has another key, and Go beside it reads all, and writes the old format
	rollingPhase = 17 * 24 * time.Hour // of the Go services some write the old format and some the new
	newPhase     = rollingPhase - 6*time.Hour
	endPhase     = 2 * 24 * time.Hour // the old keys are past their Until
)

// TestLiveMigrationInPhases moves 200 users from Starlette to Litestar. A user
// whose first request after a switch reaches Go is never logged out, keeps the
// data, and what is left of the session's lifetime.
func TestLiveMigrationInPhases(t *testing.T) {
	pylive.Require(t)
	t.Parallel()
	now := time.Now().Truncate(time.Second).Add(-time.Minute)
	at := func(ago time.Duration) int64 { return now.Add(-ago).Unix() }
	m := &migration{t: t, g: compat.NewGenerator(t, codec.FormatLitestar)}

	first, second, third := compat.NewSecret(), compat.NewSecret(), compat.NewSecret()
	newApp := compat.Litestar
	newApp.Cookie = "sid" // see codec.NewMigration
	signed := func(until ...time.Time) *codec.Codec {
		current, previous := codec.NewKey("second", []byte(second.String())), codec.NewKey("first", []byte(first.String()))
		if until != nil {
			current, previous = current.Until(until[0]), previous.Until(until[0])
		}
		return must(codec.NewStarlette(codec.StarletteConfig{
			Keys:   codec.Keys{Current: current, Previous: []codec.Key{previous}},
			Cookie: codec.Attributes{Insecure: true}, Now: m.now,
		}))
	}
	sealed := must(codec.NewLitestar(codec.LitestarConfig{
		Keys:   codec.Keys{Current: codec.NewKey("third", third[:])},
		Cookie: codec.Attributes{Name: "sid", Insecure: true}, Now: m.now,
	}))
	writesOld := must(codec.NewMigration(codec.MigrationConfig{To: signed(), From: []*codec.Codec{sealed}}))
	writesNew := must(codec.NewMigration(codec.MigrationConfig{To: sealed, From: []*codec.Codec{signed(now.Add(-endPhase))}}))

	starlette := func(key string) session.Source { return session.Source{Format: codec.FormatStarlette, Key: key} }
	litestar := session.Source{Format: codec.FormatLitestar, Key: "third"}
	oldKeyPython := &server{url: compat.Starlette.Start(t, first), python: true, writes: starlette("first")}
	oldPython := &server{url: compat.Starlette.Start(t, second), python: true, writes: starlette("second")}
	newPython := &server{url: newApp.Start(t, third), python: true, writes: litestar}
	oldGo, newGo, endGo := m.serve(writesOld, oldPython), m.serve(writesNew, newPython), m.serve(writesNew, newPython)

	for i := range 200 {
		m.users = append(m.users, &user{visitor: newVisitor(t, nil), name: strconv.Itoa(i), model: newModel()})
	}

	m.run(m.users[:50], 1, at(oldKeyPhase), at(oldPhase), func(*user) *server { return oldKeyPython })

	m.run(m.users, 4, at(oldPhase), at(rollingPhase), func(u *user) *server {
		if u.loggedIn(m.clock.Load()) && u.cookie.Key == "first" {
			return oldGo // Python has no key rotation
		}
		return m.either(oldPython, oldGo)
	})
	oldGo.check(t, "starlette first true", "starlette second false")

	m.run(m.users[:100], 3, at(rollingPhase), at(newPhase), func(*user) *server { return m.either(oldGo, newGo) })

	m.run(m.users, 6, at(newPhase), at(endPhase), func(u *user) *server {
		if u.loggedIn(m.clock.Load()) && u.cookie.Format == codec.FormatStarlette {
			return newGo // its first request after the switch
		}
		return m.either(newPython, newGo)
	})
	oldGo.check(t, "starlette first true", "starlette second false", "litestar third true") // it was in the last phase, too
	newGo.check(t, "starlette second true", "litestar third false")
	m.attack(newGo, second, `{"user": "admin"}`) // until now who has a leaked key is who he says

	m.run(m.users, 3, at(endPhase), now.Unix(), func(*user) *server { return m.either(newPython, endGo) })
	endGo.check(t, "litestar third false") // nothing old is left
	for _, leaked := range []compat.Secret{first, second} {
		m.attack(endGo, leaked, "{}")
	}

	crossed := 0
	for _, u := range m.users {
		if u.crossed {
			crossed++
		}
	}
	t.Logf("%d visits; %d of %d users came over without a login; %d sessions expired", m.visits, crossed, len(m.users), m.expired)
	if crossed < 150 || m.expired == 0 {
		t.Error("too few of these")
	}
}

const maxAge = int64(codec.DefaultMaxAge / time.Second)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// migration is the site, its users, and its clock.
type migration struct {
	t               *testing.T
	g               *compat.Generator
	clock           atomic.Int64 // Unix seconds
	users           []*user
	visits, expired int
}

func (m *migration) now() time.Time { return time.Unix(m.clock.Load(), 0) }

// server is an app of the site: one in Python, or the Go service.
type server struct {
	url    string
	python bool
	writes session.Source // in which format, with which key

	// Of Go: the Python app beside it, what it counts, and what it should.
	beside   *server
	counters session.Counters
	want     map[session.Source]uint64
	rejected []error
}

// serve starts a Go service that writes what the Python app beside it does.
func (m *migration) serve(c *codec.Codec, beside *server) *server {
	m.t.Helper()
	s := &server{writes: beside.writes, beside: beside, want: map[session.Source]uint64{}}
	handler := service(manager(m.t, c, session.Options{
		OnRead:   s.counters.Count,
		OnReject: func(_ *http.Request, err error) { s.rejected = append(s.rejected, err) },
		OnError:  func(_ *http.Request, err error) { m.t.Errorf("OnError: %v", err) },
	}))
	server := httptest.NewServer(handler)
	m.t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// check compares the counters with what users brought, and the sources that an
// operator sees in them.
func (s *server) check(t *testing.T, sources ...string) {
	t.Helper()
	got, seen := map[session.Source]uint64{}, []string{}
	for source, reads := range s.counters.All() {
		got[source] = reads.Count
		seen = append(seen, fmt.Sprintf("%v %s %v", source.Format, source.Key, source.Stale))
	}
	if !maps.Equal(got, s.want) {
		t.Errorf("counted %v, want %v", got, s.want)
	}
	if slices.Sort(sources); !slices.Equal(slices.Sorted(slices.Values(seen)), sources) {
		t.Errorf("counted %q, want %q", seen, sources)
	}
	t.Logf("counted %v", got)
}

// user is a user with a browser.
type user struct {
	*visitor
	name    string
	model   *model
	cookie  session.Source // what the browser holds
	expires int64          // of it; 0: no session
	crossed bool           // from the old format to the new, logged in
}

func (u *user) loggedIn(now int64) bool {
	if u.cookie.Format == codec.FormatStarlette {
		return now <= u.expires
	}
	return now < u.expires
}

func (m *migration) either(a, b *server) *server {
	if m.g.IntN(2) == 0 {
		return a
	}
	return b
}

// run lets each of the users visit the site some times in a phase.
func (m *migration) run(users []*user, visits int, from, to int64, where func(*user) *server) {
	m.t.Helper()
	type visit struct {
		at int64
		*user
	}
	var all []visit
	for _, u := range users {
		for range visits {
			all = append(all, visit{from + m.g.Int64N(to-from), u})
		}
	}
	slices.SortFunc(all, func(a, b visit) int { return cmp.Compare(a.at, b.at) })
	for _, v := range all {
		m.clock.Store(v.at)
		m.visit(v.user, where(v.user))
	}
}

// visit lets a user do something, and holds the answer and the cookies against
// what they must be.
func (m *migration) visit(u *user, s *server) {
	m.t.Helper()
	m.visits++
	now := m.clock.Load()
	m.stopClock(s)
	loggedIn := u.loggedIn(now)
	if u.expires > 0 && !loggedIn {
		if _, got := u.do(s.url+"/session", ""); got != "{}" {
			m.t.Fatalf("user %s: an expired session: %s", u.name, got)
		}
		m.expired++
		u.expires, u.model, u.visitor = 0, newModel(), newVisitor(m.t, nil) // browsers drop what has expired
	}

	route, body := "/session", ""
	switch {
	case !loggedIn:
		route, body = "/update", `{"user": "`+u.name+`"}`
		u.model.set("user", `"`+u.name+`"`)
	case m.g.IntN(2) == 0:
		route, body = u.model.step(m.g, false)
	}
	response, got := u.do(s.url+route, body)
	if want := u.model.String(); got != want {
		m.t.Fatalf("user %s: %s:\n got %s\nwant %s", u.name, route, got, want)
	}

	stale := loggedIn && u.cookie != s.writes
	if loggedIn && !s.python {
		source := u.cookie
		source.Stale = stale
		s.want[source]++
	}
	u.crossed = u.crossed || stale && s.writes.Format == codec.FormatLitestar
	switch {
	case len(u.model.keys) == 0:
		u.expires = 0 // logged out
	case route != "/session", s.python && s.writes.Format == codec.FormatLitestar: // which renews on every response
		u.expires, u.cookie = now+maxAge, s.writes
	case stale && u.expires > now:
		u.cookie = s.writes
		m.checkLifetime(u, s, response)
	}
	m.checkJar(u, s)
}

// stopClock tells the time to an app in Python.
func (m *migration) stopClock(s *server) {
	m.t.Helper()
	if s.python {
		newVisitor(m.t, nil).do(s.url+"/clock", strconv.FormatInt(m.clock.Load(), 10))
	}
}

// checkLifetime: a session that has moved ends when it would have.
func (m *migration) checkLifetime(u *user, s *server, response *http.Response) {
	m.t.Helper()
	now := m.clock.Load()
	set, _ := compat.ParseSetCookies(m.t, response.Header["Set-Cookie"])
	if len(set) != 1 || int64(set[0].MaxAge) != u.expires-now {
		m.t.Fatalf("user %s: moved to %v, want one with %d s left", u.name, set, u.expires-now)
	}
	if m.g.IntN(2) == 0 {
		return
	}
	m.stopClock(s.beside)
	if _, got := u.do(s.beside.url+"/expiry", ""); got != strconv.FormatInt(u.expires, 10) {
		m.t.Fatalf("user %s: Python sees it end at %s, want %d", u.name, got, u.expires)
	}
	if s.writes.Format == codec.FormatLitestar {
		u.expires = now + maxAge // since Litestar was asked
	}
}

// checkJar: the browser holds the session in one format, nothing of the other.
func (m *migration) checkJar(u *user, s *server) {
	m.t.Helper()
	var want []string
	if u.expires > 0 {
		want = []string{map[codec.Format]string{codec.FormatStarlette: "session", codec.FormatLitestar: "sid"}[u.cookie.Format]}
	}
	if got := u.cookieNames(s.url); !slices.Equal(got, want) {
		m.t.Fatalf("user %s: cookies %q, want %q", u.name, got, want)
	}
}

// attack signs a session with a leaked key, now, and tries it on a Go service.
func (m *migration) attack(s *server, leaked compat.Secret, want string) {
	m.t.Helper()
	forger := must(codec.NewStarlette(codec.StarletteConfig{Keys: codec.Keys{Current: codec.NewKey("leaked", []byte(leaked.String()))}, Now: m.now}))
	value, err := forger.Encode(must(codec.ParseValues(`{"user": "admin"}`)))
	if err != nil {
		m.t.Fatal(err)
	}
	v := newVisitor(m.t, nil)
	v.Jar = sending("session=" + value)
	s.rejected = nil
	response, got := v.do(s.url+"/session", "")
	if got != want {
		m.t.Errorf("signed with a leaked key: %s, want %s", got, want)
	}
	if refused := want == "{}"; refused && (len(s.rejected) != 1 || !errors.Is(s.rejected[0], codec.ErrUnauthentic) || response.Header.Get("Set-Cookie") != "") {
		m.t.Errorf("rejected: %v; set: %q", s.rejected, response.Header["Set-Cookie"])
	}
}
