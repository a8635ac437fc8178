package sessiontest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
)

// Suite tests that a store keeps the contract of [session.Store], and of those
// of the optional interfaces that it has.
//
// A store must take any UTF-8 of 200,000 bytes. What is longer, up to a MiB, and what is
// no UTF-8 it may refuse with an error; what it takes it gives back byte for byte. A
// List that its context ends before all is listed ends with that error.
type Suite struct {
	// New returns an empty store for one test, which ends what it has started.
	New func(t *testing.T) session.Store

	// Advance moves the store's clock. nil: the tests wait.
	Advance func(d time.Duration)

	// Now is the store's clock. nil: time.Now.
	Now func() time.Time
}

// TestStore runs the suite.
func TestStore(t *testing.T, s Suite) {
	now := s.Now
	if now == nil {
		now = time.Now
	}
	for name, test := range map[string]func(*testing.T, *storeTest){
		"Create": testCreate, "Replace": testReplace, "Touch": testTouch, "Delete": testDelete, "Expiry": testExpiry,
		"NoExpiry": testNoExpiry, "Data": testData, "Context": testContext, "Concurrent": testConcurrent, "Deleted": testDeleted,
		"Touched": testTouched, "DeletedTwice": testDeletedTwice, "Short": testShort,
		"Swap": testSwap, "List": testList, "Clear": testClear, "Prune": testPrune, "IDs": testIDs, "Long": testLong,
		"Many": testMany,
	} {
		t.Run(name, func(t *testing.T) { test(t, &storeTest{s.New(t), s.Advance, now, t.Context()}) })
	}
}

// NewID returns an id as the middleware makes them.
func NewID() string {
	id := make([]byte, 32)
	rand.Read(id)
	return hex.EncodeToString(id)
}

type storeTest struct {
	session.Store
	advance func(time.Duration)
	now     func() time.Time
	ctx     context.Context
}

func (s *storeTest) wait(d time.Duration) {
	if s.advance != nil {
		s.advance(d)
		return
	}
	time.Sleep(d)
}

const hour = time.Hour

func (s *storeTest) create(t *testing.T, data string, ttl time.Duration) (id string) {
	t.Helper()
	id = NewID()
	if err := s.Create(s.ctx, id, []byte(data), ttl); err != nil {
		t.Fatalf("Create: %v", err)
	}
	return id
}

// fill creates n sessions, several at a time, since a store may wait for a disk.
func (s *storeTest) fill(t *testing.T, n int, data string, ttl time.Duration) (ids []string) {
	t.Helper()
	const workers = 8
	var group sync.WaitGroup
	for range n {
		ids = append(ids, NewID())
	}
	for part := range slices.Chunk(ids, (n+workers-1)/workers) {
		group.Go(func() {
			for _, id := range part {
				if err := s.Create(s.ctx, id, []byte(data), ttl); err != nil {
					t.Errorf("Create: %v", err)
				}
			}
		})
	}
	group.Wait()
	return ids
}

func (s *storeTest) want(t *testing.T, id, data string) (expires time.Time) {
	t.Helper()
	got, expires, err := s.Load(s.ctx, id)
	if err != nil || string(got) != data {
		t.Fatalf("Load: %q, %v; want %q", got, err, data)
	}
	return expires
}

// wantExpiry compares with the clock: a time zone that is mixed up is hours off.
func (s *storeTest) wantExpiry(t *testing.T, id, data string, ttl time.Duration) {
	t.Helper()
	if left := s.want(t, id, data).Sub(s.now()); (left - ttl).Abs() > 10*time.Second {
		t.Errorf("%v are left, want %v", left, ttl)
	}
}

func (s *storeTest) wantNone(t *testing.T, id string) {
	t.Helper()
	if data, _, err := s.Load(s.ctx, id); !errors.Is(err, session.ErrNotFound) {
		t.Fatalf("Load: %q, %v; want ErrNotFound", data, err)
	}
}

func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, session.ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", what, err)
	}
}

func testCreate(t *testing.T, s *storeTest) {
	id := s.create(t, `{"a":1}`, hour)
	s.want(t, id, `{"a":1}`)
	if err := s.Create(s.ctx, id, []byte(`{"b":2}`), 2*hour); !errors.Is(err, session.ErrExists) {
		t.Errorf("Create again: %v, want ErrExists", err)
	}
	s.wantExpiry(t, id, `{"a":1}`, hour)
	s.wantNone(t, NewID())
	s.want(t, s.create(t, `{}`, hour), `{}`)
}

func testReplace(t *testing.T, s *storeTest) {
	id := s.create(t, `{"a":1}`, hour)
	s.wantExpiry(t, id, `{"a":1}`, hour)
	if err := s.Replace(s.ctx, id, []byte(`{"b":2}`), 2*hour); err != nil {
		t.Fatal(err)
	}
	s.wantExpiry(t, id, `{"b":2}`, 2*hour)
	if err := s.Replace(s.ctx, id, []byte(`{"b":2}`), hour); err != nil {
		t.Fatal(err)
	}
	s.wantExpiry(t, id, `{"b":2}`, hour)
	unknown := NewID()
	wantNotFound(t, "Replace", s.Replace(s.ctx, unknown, []byte(`{}`), hour))
	s.wantNone(t, unknown)
}

func testTouch(t *testing.T, s *storeTest) {
	id := s.create(t, `{"a":1}`, hour)
	if err := s.Touch(s.ctx, id, 2*hour); err != nil {
		t.Fatal(err)
	}
	s.wantExpiry(t, id, `{"a":1}`, 2*hour)
	if err := s.Touch(s.ctx, id, hour); err != nil {
		t.Fatal(err)
	}
	s.wantExpiry(t, id, `{"a":1}`, hour)
	unknown := NewID()
	wantNotFound(t, "Touch", s.Touch(s.ctx, unknown, hour))
	s.wantNone(t, unknown)
}

func testDelete(t *testing.T, s *storeTest) {
	id, other := s.create(t, `{"a":1}`, hour), s.create(t, `{"b":2}`, hour)
	if err := s.Delete(s.ctx, id); err != nil {
		t.Fatal(err)
	}
	s.wantNone(t, id)
	wantNotFound(t, "Delete again", s.Delete(s.ctx, id))
	wantNotFound(t, "Delete", s.Delete(s.ctx, NewID()))
	// Nothing brings it back.
	wantNotFound(t, "Replace", s.Replace(s.ctx, id, []byte(`{}`), hour))
	wantNotFound(t, "Touch", s.Touch(s.ctx, id, hour))
	if u, ok := s.Store.(session.Swapper); ok {
		wantNotFound(t, "Swap", u.Swap(s.ctx, id, []byte(`{"a":1}`), []byte(`{"a":1}`), hour))
	}
	s.wantNone(t, id)
	s.want(t, other, `{"b":2}`)
}

// Ids are of any length that is allowed, and no part of one is another.
func testIDs(t *testing.T, s *storeTest) {
	long := NewID() + NewID()
	ids := []string{long[:32], long[:64], long[:126], long, long[:64] + NewID()}
	data := func(i int) string { return fmt.Sprintf(`{"n":%d}`, i) }
	for i, id := range ids {
		if err := s.Create(s.ctx, id, []byte(`{}`), hour); err != nil {
			t.Fatalf("Create of an id of %d digits: %v", len(id), err)
		}
		if err := s.Replace(s.ctx, id, []byte(data(i)), hour); err != nil {
			t.Fatalf("Replace of an id of %d digits: %v", len(id), err)
		}
	}
	for i, id := range ids {
		s.want(t, id, data(i))
		if err := s.Touch(s.ctx, id, 2*hour); err != nil {
			t.Errorf("Touch of an id of %d digits: %v", len(id), err)
		}
		for later := i + 1; later < len(ids); later++ {
			s.wantExpiry(t, ids[later], data(later), hour)
		}
		if err := s.Delete(s.ctx, id); err != nil {
			t.Errorf("Delete of an id of %d digits: %v", len(id), err)
		}
		s.wantNone(t, id)
	}
}

// What is deleted while others write it stays deleted.
func testDeleted(t *testing.T, s *storeTest) {
	for range 50 {
		id := s.create(t, `{"a":1}`, hour)
		var group sync.WaitGroup
		begun := make(chan struct{}, 40)
		for range 2 {
			group.Go(func() {
				for range 20 {
					begun <- struct{}{}
					if err := s.Replace(s.ctx, id, []byte(`{"b":2}`), hour); err != nil && !errors.Is(err, session.ErrNotFound) {
						t.Errorf("Replace: %v", err)
					}
					if err := s.Touch(s.ctx, id, hour); err != nil && !errors.Is(err, session.ErrNotFound) {
						t.Errorf("Touch: %v", err)
					}
					if u, ok := s.Store.(session.Swapper); ok {
						err := u.Swap(s.ctx, id, []byte(`{"b":2}`), []byte(`{"c":3}`), hour)
						if err != nil && !errors.Is(err, session.ErrNotFound) && !errors.Is(err, session.ErrChanged) {
							t.Errorf("Swap: %v", err)
						}
					}
				}
			})
		}
		for range 4 {
			<-begun
		}
		if err := s.Delete(s.ctx, id); err != nil {
			t.Errorf("Delete: %v", err)
		}
		group.Wait()
		s.wantNone(t, id)
	}
}

// A Touch leaves alone what a Replace at the same time writes, and a Swap does not undo
// it: either comes first.
func testTouched(t *testing.T, s *storeTest) {
	old := `{"n":-1}`
	id := s.create(t, old, hour)
	u, swaps := s.Store.(session.Swapper)
	for i := range 100 {
		var group sync.WaitGroup
		begun := make(chan struct{}, 3)
		for range 2 {
			group.Go(func() {
				begun <- struct{}{}
				if err := s.Touch(s.ctx, id, hour); err != nil {
					t.Errorf("Touch: %v", err)
				}
			})
		}
		group.Go(func() {
			begun <- struct{}{}
			if !swaps {
				return
			}
			if err := u.Swap(s.ctx, id, []byte(old), []byte(`{"swapped":true}`), hour); err != nil && !errors.Is(err, session.ErrChanged) {
				t.Errorf("Swap: %v", err)
			}
		})
		for range cap(begun) {
			<-begun
		}
		time.Sleep(time.Duration(i) * time.Microsecond)
		data := fmt.Sprintf(`{"n":%d}`, i)
		if err := s.Replace(s.ctx, id, []byte(data), hour); err != nil {
			t.Errorf("Replace: %v", err)
		}
		group.Wait()
		s.want(t, id, data)
		old = data
	}
}

// Of several who delete a session at the same time one has.
func testDeletedTwice(t *testing.T, s *storeTest) {
	for range 50 {
		id := s.create(t, `{}`, hour)
		var group sync.WaitGroup
		var deleted atomic.Int64
		for range 4 {
			group.Go(func() {
				err := s.Delete(s.ctx, id)
				if err == nil {
					deleted.Add(1)
				} else if !errors.Is(err, session.ErrNotFound) {
					t.Errorf("Delete: %v", err)
				}
			})
		}
		group.Wait()
		if n := deleted.Load(); n != 1 {
			t.Fatalf("%d of 4 have deleted it", n)
		}
	}
}

// What is to live for less than a second lives for one.
func testShort(t *testing.T, s *storeTest) {
	for _, ttl := range []time.Duration{0, -hour, time.Nanosecond, 300 * time.Millisecond} {
		writes := map[string]func(id string) error{
			"Create": func(id string) error {
				return errors.Join(s.Delete(s.ctx, id), s.Create(s.ctx, id, []byte(`{}`), ttl))
			},
			"Replace": func(id string) error { return s.Replace(s.ctx, id, []byte(`{}`), ttl) },
			"Touch":   func(id string) error { return s.Touch(s.ctx, id, ttl) },
		}
		if u, ok := s.Store.(session.Swapper); ok {
			writes["Swap"] = func(id string) error { return u.Swap(s.ctx, id, []byte(`{}`), []byte(`{}`), ttl) }
		}
		for what, write := range writes {
			id := s.create(t, `{}`, hour)
			start := time.Now()
			if err := write(id); err != nil {
				t.Errorf("%s for %v: %v", what, ttl, err)
			}
			_, expires, err := s.Load(s.ctx, id)
			if time.Since(start) > 500*time.Millisecond {
				continue // a slow store, which may have forgotten it
			}
			if left := expires.Sub(s.now()); err != nil || left < 300*time.Millisecond || left > time.Minute {
				t.Errorf("%s for %v: %v are left, %v; want a second", what, ttl, left, err)
			}
		}
	}
}

// What is to live for weeks or for a year does.
func testLong(t *testing.T, s *storeTest) {
	const day = 24 * hour
	for _, ttl := range []time.Duration{31 * day, 400 * day} {
		created, touched, replaced := s.create(t, `{"a":1}`, ttl), s.create(t, `{"a":1}`, hour), s.create(t, `{"a":1}`, hour)
		if err := s.Touch(s.ctx, touched, ttl); err != nil {
			t.Errorf("Touch: %v", err)
		}
		if err := s.Replace(s.ctx, replaced, []byte(`{"a":1}`), ttl); err != nil {
			t.Errorf("Replace: %v", err)
		}
		ids := []string{created, touched, replaced}
		if u, ok := s.Store.(session.Swapper); ok {
			swapped := s.create(t, `{"a":1}`, hour)
			if err := u.Swap(s.ctx, swapped, []byte(`{"a":1}`), []byte(`{"a":1}`), ttl); err != nil {
				t.Errorf("Swap: %v", err)
			}
			ids = append(ids, swapped)
		}
		for _, id := range ids {
			s.wantExpiry(t, id, `{"a":1}`, ttl)
		}
		if s.advance == nil {
			continue
		}
		s.advance(ttl - hour)
		for _, id := range ids {
			s.wantExpiry(t, id, `{"a":1}`, hour)
		}
		s.advance(2 * hour)
		for _, id := range ids {
			s.wantNone(t, id)
		}
	}
}

func testExpiry(t *testing.T, s *storeTest) {
	id := s.create(t, `{"a":1}`, 3*time.Second)
	touched := s.create(t, `{"b":2}`, 2*time.Second)
	if err := s.Touch(s.ctx, touched, hour); err != nil {
		t.Fatal(err)
	}
	forgotten := s.create(t, `{}`, 2*time.Second)
	again := s.fill(t, 20, `{}`, 2*time.Second)
	s.wait(time.Second)
	s.want(t, id, `{"a":1}`) // which does not make it live longer
	s.wait(3 * time.Second)
	s.wantNone(t, id)
	wantNotFound(t, "Replace", s.Replace(s.ctx, id, []byte(`{}`), hour))
	wantNotFound(t, "Touch", s.Touch(s.ctx, id, hour))
	wantNotFound(t, "Delete", s.Delete(s.ctx, forgotten))
	s.wantNone(t, id)
	s.want(t, touched, `{"b":2}`)
	if err := s.Create(s.ctx, id, []byte(`{"c":3}`), hour); err != nil {
		t.Errorf("Create over what has expired: %v", err)
	}
	s.want(t, id, `{"c":3}`)
	for _, id := range again {
		s.createOnce(t, id)
	}
}

// createOnce has several create a session at the same time. One does.
func (s *storeTest) createOnce(t *testing.T, id string) {
	t.Helper()
	var group sync.WaitGroup
	created := make(chan string, 20)
	for i := range cap(created) {
		group.Go(func() {
			data := fmt.Sprintf(`{"n":%d}`, i)
			err := s.Create(s.ctx, id, []byte(data), hour)
			if err == nil {
				created <- data
			} else if !errors.Is(err, session.ErrExists) {
				t.Errorf("Create: %v", err)
			}
		})
	}
	group.Wait()
	close(created)
	winners := 0
	for data := range created {
		winners++
		s.want(t, id, data)
	}
	if winners != 1 {
		t.Errorf("%d creations of one id", winners)
	}
}

// What has no expiry lives for ever, or for a time that nobody sees the end of.
func testNoExpiry(t *testing.T, s *storeTest) {
	want := func(id, data string) {
		t.Helper()
		if expires := s.want(t, id, data); !expires.IsZero() && expires.Before(s.now().Add(50*365*24*hour)) {
			t.Errorf("it expires %v", expires)
		}
	}
	id := s.create(t, `{"a":1}`, session.NoExpiry)
	want(id, `{"a":1}`)
	if err := s.Touch(s.ctx, id, session.NoExpiry); err != nil {
		t.Error(err)
	}
	want(id, `{"a":1}`)
	if err := s.Touch(s.ctx, id, hour); err != nil {
		t.Error(err)
	}
	s.wantExpiry(t, id, `{"a":1}`, hour)
	if err := s.Touch(s.ctx, id, session.NoExpiry); err != nil {
		t.Error(err)
	}
	want(id, `{"a":1}`)
	if err := s.Replace(s.ctx, id, []byte(`{"b":2}`), session.NoExpiry); err != nil {
		t.Error(err)
	}
	want(id, `{"b":2}`)
	if u, ok := s.Store.(session.Swapper); ok {
		if err := u.Swap(s.ctx, id, []byte(`{"b":2}`), []byte(`{"c":3}`), session.NoExpiry); err != nil {
			t.Error(err)
		}
		want(id, `{"c":3}`)
	}
	wantNotFound(t, "Touch", s.Touch(s.ctx, NewID(), session.NoExpiry))
}

// What a store is given it gives back byte for byte, and keeps as its own.
func testData(t *testing.T, s *storeTest) {
	for _, data := range []string{
		`{"user":"zoë","f":1.0,"big":1180591620717411303424,"e":1e16}`,
		`{"text":"'\"\\ \u0000 % _ * ? [ ] \r\n"}`,
		"\x00 \x01 \x1a \x1f \x7f \r\n \xef\xbb\xbf",
		`{"x":"` + string(bytes.Repeat([]byte("y"), 200_000)) + `"}`,
	} {
		id := NewID()
		writes := []func(buf []byte) error{
			func(buf []byte) error { return s.Create(s.ctx, id, buf, hour) },
			func(buf []byte) error { return s.Replace(s.ctx, id, buf, hour) },
		}
		if u, ok := s.Store.(session.Swapper); ok {
			writes = append(writes, func(buf []byte) error { return u.Swap(s.ctx, id, []byte(data), buf, hour) })
		}
		for _, write := range writes {
			buf := []byte(data)
			if err := write(buf); err != nil {
				t.Fatalf("%d bytes: %v", len(data), err)
			}
			clear(buf)
			s.want(t, id, data)
			got, _, _ := s.Load(s.ctx, id)
			clear(got)
			s.want(t, id, data)
		}
	}
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	s.testRefusable(t, "all bytes", string(all[:]))
	s.testRefusable(t, "data of almost a MiB", strings.Repeat("abcdefgh", 1<<17)[1:])
}

// testRefusable writes data that a store need not take. Then it says so, and what was
// there stays.
func (s *storeTest) testRefusable(t *testing.T, what, data string) {
	t.Helper()
	check := func(name, id, before string, err error) {
		t.Helper()
		got, _, loadErr := s.Load(s.ctx, id)
		switch {
		case err == nil && (loadErr != nil || string(got) != data):
			t.Errorf("%s of %s: no error, and then %d bytes, %v", name, what, len(got), loadErr)
		case err != nil && before == "":
			s.wantNone(t, id)
		case err != nil && (loadErr != nil || string(got) != before):
			t.Errorf("%s of %s is refused, and leaves %d bytes, %v", name, what, len(got), loadErr)
		}
	}
	id := NewID()
	check("Create", id, "", s.Create(s.ctx, id, []byte(data), hour))
	id = s.create(t, `{"a":1}`, hour)
	check("Replace", id, `{"a":1}`, s.Replace(s.ctx, id, []byte(data), hour))
	if u, ok := s.Store.(session.Swapper); ok {
		id = s.create(t, `{"a":1}`, hour)
		check("Swap", id, `{"a":1}`, u.Swap(s.ctx, id, []byte(`{"a":1}`), []byte(data), hour))
	}
}

func testContext(t *testing.T, s *storeTest) {
	id := s.create(t, `{"a":1}`, hour)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, _, load := s.Load(ctx, id)
	for what, err := range map[string]error{
		"Load": load, "Create": s.Create(ctx, NewID(), []byte(`{}`), hour), "Replace": s.Replace(ctx, id, []byte(`{}`), hour),
		"Touch": s.Touch(ctx, id, hour), "Delete": s.Delete(ctx, id),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", what, err)
		}
	}
	s.want(t, id, `{"a":1}`)
}

// At the same time, one Create wins, and no Replace is half done.
func testConcurrent(t *testing.T, s *storeTest) {
	id := NewID()
	s.createOnce(t, id)
	var group sync.WaitGroup
	long := map[string]bool{}
	for i := range 8 {
		long[fmt.Sprintf(`{"n":"%s"}`, bytes.Repeat([]byte{byte('a' + i)}, 5000*(i+1)))] = true
	}
	for data := range long {
		group.Go(func() {
			for range 10 {
				if err := s.Replace(s.ctx, id, []byte(data), hour); err != nil {
					t.Errorf("Replace: %v", err)
				}
				if got, _, err := s.Load(s.ctx, id); err != nil || len(got) > 20 && !long[string(got)] {
					t.Errorf("Load: %.20s…, %d bytes, %v", got, len(got), err)
				}
			}
		})
	}
	group.Wait()
}

// Requests at the same time lose no other's change.
func testSwap(t *testing.T, s *storeTest) {
	u, ok := s.Store.(session.Swapper)
	if !ok {
		t.Log("no Swapper")
		return
	}
	id := s.create(t, ``, hour)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for changed := 0; changed < 10; {
				old, _, err := s.Load(s.ctx, id)
				if err == nil {
					err = u.Swap(s.ctx, id, old, append(bytes.Clone(old), byte('a'+i)), hour)
				}
				switch {
				case err == nil:
					changed++
				case !errors.Is(err, session.ErrChanged):
					t.Errorf("Swap: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	data, _, err := s.Load(s.ctx, id)
	if err != nil || len(data) != 80 {
		t.Errorf("%d of 80 changes, %v", len(data), err)
	}
	if err := u.Swap(s.ctx, id, data, data, 2*hour); err != nil { // which renews it
		t.Error(err)
	}
	s.wantExpiry(t, id, string(data), 2*hour)
	for what, old := range map[string]string{"other data": "x", "no data": "", "longer data": string(data) + " ", "upper-case data": strings.ToUpper(string(data))} {
		if err := u.Swap(s.ctx, id, []byte(old), []byte("x"), hour); !errors.Is(err, session.ErrChanged) {
			t.Errorf("Swap of %s: %v, want ErrChanged", what, err)
		}
	}
	s.wantExpiry(t, id, string(data), 2*hour)
	canceled, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := u.Swap(canceled, id, data, []byte("x"), hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Swap: %v, want context.Canceled", err)
	}
	s.want(t, id, string(data))
	wantNotFound(t, "Swap", u.Swap(s.ctx, NewID(), nil, []byte("x"), hour))
	gone := s.create(t, `{}`, 2*time.Second)
	s.wait(3 * time.Second)
	wantNotFound(t, "Swap of what has expired", u.Swap(s.ctx, gone, []byte(`{}`), []byte(`{}`), hour))
}

// list returns the sizes of all sessions, by their keys. All expire in an hour.
func (s *storeTest) list(t *testing.T, l session.Lister) map[string]int {
	t.Helper()
	sizes := map[string]int{}
	for entry, err := range l.List(s.ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.ID != "" && !session.ValidID(entry.ID) || entry.Key == "" || entry.Odd {
			t.Errorf("entry %+v", entry)
		}
		if _, ok := sizes[entry.Key]; ok {
			t.Errorf("%s is listed twice", entry.Key)
		}
		if left := entry.Expires.Sub(s.now()); (left - hour).Abs() > 10*time.Minute {
			t.Errorf("an entry with %v left, want an hour", left)
		}
		if entry.ID != "" {
			if data, _, err := s.Load(s.ctx, entry.ID); err != nil || len(data) != entry.Size {
				t.Errorf("the session of an entry: %d bytes, %v, want %d", len(data), err, entry.Size)
			}
		}
		sizes[entry.Key] = entry.Size
	}
	return sizes
}

func testList(t *testing.T, s *storeTest) {
	l, ok := s.Store.(session.Lister)
	if !ok {
		t.Log("no Lister")
		return
	}
	if got := s.list(t, l); len(got) != 0 {
		t.Fatalf("an empty store lists %v", got)
	}
	var want []int
	for i := range 300 {
		data := fmt.Sprintf(`{"n":"%0*d"}`, i, 0)
		s.create(t, data, hour)
		want = append(want, len(data))
	}
	s.create(t, `{}`, 2*time.Second)
	s.wait(3 * time.Second)
	got := slices.Sorted(maps.Values(s.list(t, l)))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d sessions, sizes %v", len(got), got)
	}
	for range l.List(s.ctx) { // who has enough may stop
		break
	}
	canceled, cancel := context.WithCancel(s.ctx)
	cancel()
	var last error
	for _, err := range l.List(canceled) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("List: %v, want context.Canceled", last)
	}
	if k, ok := s.Store.(session.Keyed); ok {
		testKeyed(t, s, l, k)
	}
}

// What is listed can be reached by its key.
func testKeyed(t *testing.T, s *storeTest, l session.Lister, k session.Keyed) {
	left := len(s.list(t, l))
	for key, size := range s.list(t, l) {
		data, expires, err := k.LoadKey(s.ctx, key)
		if err != nil || len(data) != size || (expires.Sub(s.now())-hour).Abs() > time.Minute {
			t.Fatalf("LoadKey: %q, %v, %v", data, expires, err)
		}
		if left%2 == 0 {
			if err := k.DeleteKey(s.ctx, key); err != nil {
				t.Fatalf("DeleteKey: %v", err)
			}
			_, _, err := k.LoadKey(s.ctx, key)
			wantNotFound(t, "LoadKey", err)
			wantNotFound(t, "DeleteKey", k.DeleteKey(s.ctx, key))
		}
		left--
	}
	if got := len(s.list(t, l)); got != 150 {
		t.Errorf("%d sessions are left, want 150", got)
	}
}

func testClear(t *testing.T, s *storeTest) {
	c, ok := s.Store.(session.Clearer)
	if !ok {
		t.Log("no Clearer")
		return
	}
	ids := []string{s.create(t, `{}`, hour), s.create(t, `{}`, hour), s.create(t, `{}`, hour)}
	canceled, cancel := context.WithCancel(s.ctx)
	cancel()
	if n, err := c.Clear(canceled); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("Clear: %d, %v, want context.Canceled", n, err)
	}
	if n, err := c.Clear(s.ctx); err != nil || n != 3 {
		t.Errorf("Clear: %d, %v", n, err)
	}
	for _, id := range ids {
		s.wantNone(t, id)
	}
	if n, err := c.Clear(s.ctx); err != nil || n != 0 {
		t.Errorf("Clear again: %d, %v", n, err)
	}
}

func testPrune(t *testing.T, s *storeTest) {
	p, ok := s.Store.(session.Pruner)
	if !ok {
		t.Log("no Pruner")
		return
	}
	for range 3 {
		s.create(t, `{}`, 2*time.Second)
	}
	id := s.create(t, `{"a":1}`, hour)
	if n, err := p.Prune(s.ctx); err != nil || n != 0 {
		t.Errorf("Prune of what lives: %d, %v", n, err)
	}
	s.wait(3 * time.Second)
	if n, err := p.Prune(s.ctx); err != nil || n != 3 {
		t.Errorf("Prune: %d, %v", n, err)
	}
	if n, err := p.Prune(s.ctx); err != nil || n != 0 {
		t.Errorf("Prune again: %d, %v", n, err)
	}
	s.want(t, id, `{"a":1}`)
	rounds := 5
	if s.advance == nil {
		rounds = 1
	}
	for range rounds {
		s.testPruneMeanwhile(t, p)
	}
}

// What is created while Prune looks for what has expired stays.
func (s *storeTest) testPruneMeanwhile(t *testing.T, p session.Pruner) {
	ids := s.fill(t, 20, `{}`, 2*time.Second)
	s.wait(3 * time.Second)
	begun, pruned := make(chan struct{}), make(chan error)
	go func() {
		close(begun)
		_, err := p.Prune(s.ctx)
		pruned <- err
	}()
	<-begun
	for _, id := range ids {
		time.Sleep(20 * time.Microsecond)
		if err := s.Create(s.ctx, id, []byte(`{"b":2}`), hour); err != nil {
			t.Errorf("Create: %v", err)
		}
	}
	if err := <-pruned; err != nil {
		t.Errorf("Prune: %v", err)
	}
	for _, id := range ids {
		s.want(t, id, `{"b":2}`)
	}
}

// many is more than stores have in a page, of 1000 say.
const many = 1050

// However many there are: all are listed, cleared and pruned, or it is an error.
func testMany(t *testing.T, s *storeTest) {
	l, lists := s.Store.(session.Lister)
	c, clears := s.Store.(session.Clearer)
	p, prunes := s.Store.(session.Pruner)
	if lists || clears {
		s.fill(t, many, `{}`, hour)
	}
	if lists {
		if n := len(s.list(t, l)); n != many {
			t.Errorf("%d of %d sessions are listed", n, many)
		}
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		var last error
		for _, err := range l.List(ctx) {
			cancel()
			last = err
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("List that is canceled after one of %d: %v, want context.Canceled", many, last)
		}
	}
	if clears {
		if n, err := c.Clear(s.ctx); err != nil || n != many {
			t.Errorf("Clear of %d sessions: %d, %v", many, n, err)
		}
	}
	if prunes {
		s.fill(t, many, `{}`, 2*time.Second)
		s.wait(3 * time.Second)
		if n, err := p.Prune(s.ctx); err != nil || n != many {
			t.Errorf("Prune of %d sessions: %d, %v", many, n, err)
		}
	}
}
