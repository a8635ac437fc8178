package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// passingStore says of some tries to create a session that it is there, and it is not.
type passingStore struct {
	*session.Memory
	tries *int
}

func (s passingStore) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	if *s.tries > 0 {
		*s.tries--
		return session.ErrExists
	}
	return s.Memory.Create(ctx, id, data, ttl)
}

// A session of the target that others delete at the same moment is copied none the
// less, unless that has no end.
func TestCopyPassing(t *testing.T) {
	for _, tries := range []int{0, 1, putTries - 1, putTries} {
		left := tries
		e, _, _ := testEnv("")
		c := &copying{storeCopy: &storeCopy{storeCommand: storeCommand{app: app{env: e}}, target: openSlow(0)}}
		memory := session.NewMemory(session.MemoryConfig{})
		c.target.live = passingStore{memory, &left}
		n, err := c.write(t.Context(), session.Entry{ID: testID(1)}, loaded{[]byte(`{}`), time.Now().Add(time.Hour)})
		_, _, loadErr := memory.Load(t.Context(), testID(1))
		var f *failure
		switch {
		case tries < putTries && (err != nil || loadErr != nil || n != &c.rec.Copied):
			t.Errorf("%d tries: %v, %v", tries, err, loadErr)
		case tries == putTries && (!errors.As(err, &f) || f.code != exitIO || !errors.Is(loadErr, session.ErrNotFound)):
			t.Errorf("%d tries: %v, %v", tries, err, loadErr)
		}
	}
}

// busyFiles are files whose app changes a session as soon as it was loaded.
type busyFiles struct {
	*filestore.Store
	id string
}

func (s busyFiles) LoadKey(ctx context.Context, key string) ([]byte, time.Time, error) {
	data, expires, err := s.Store.LoadKey(ctx, key)
	return data, expires, errors.Join(err, s.Replace(ctx, s.id, []byte(`{"n":2}`), time.Minute))
}

// Who gives a session of the target a later expiry leaves alone what its app has written
// meanwhile.
func TestCopyTouches(t *testing.T) {
	dir := t.TempDir()
	files, err := filestore.New(filestore.Config{Dir: dir, Layout: filestore.Litestar, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Create(t.Context(), testID(1), []byte(`{"n":1}`), time.Minute); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	e, _, _ := testEnv("")
	c := &copying{storeCopy: &storeCopy{storeCommand: storeCommand{app: app{env: e}}, target: openSlow(0)}}
	c.target.live = busyFiles{files, testID(1)}
	n, err := c.write(t.Context(), session.Entry{Key: names[0].Name()}, loaded{[]byte(`{"n":1}`), time.Now().Add(time.Hour)})
	data, _, loadErr := files.Load(t.Context(), testID(1))
	if err != nil || n != &c.rec.Same || loadErr != nil || string(data) != `{"n":2}` {
		t.Errorf("%v; %s, %v", err, data, loadErr)
	}
}

// failingStore cannot be written to.
type failingStore struct {
	*session.Memory
	err error
}

func (s failingStore) Create(context.Context, string, []byte, time.Duration) error { return s.err }

// A session that cannot be read, or that the target cannot hold, is that one alone; a
// target that may not be written to is the end.
func TestCopyStops(t *testing.T) {
	for _, tt := range []struct {
		id    string
		write error
		want  copied
		stops bool
	}{
		{testID(1), nil, copied{Copied: 1}, false},
		{testID(1), codec.ErrTooLarge, copied{Failed: 1}, false},
		{testID(1), session.ErrDamaged, copied{Failed: 1}, false},
		{testID(1), fs.ErrPermission, copied{Failed: 1}, true},
		{testID(1), errors.New("gone"), copied{Failed: 1}, true},
		{testID(2), nil, copied{Unreadable: 1}, false},
	} {
		e, _, _ := testEnv("")
		from, to := openSlow(0), openSlow(0)
		source := session.NewMemory(session.MemoryConfig{})
		if err := source.Create(t.Context(), testID(1), []byte(`{}`), session.NoExpiry); err != nil {
			t.Fatal(err)
		}
		from.whole = unreadableStore{source, testID(2)}
		if tt.write != nil {
			to.live = failingStore{session.NewMemory(session.MemoryConfig{}), tt.write}
		}
		ctx, stop := context.WithCancelCause(t.Context())
		c := &copying{storeCopy: &storeCopy{storeCommand: storeCommand{app: app{env: e}}, source: from, into: to.dsn, target: to}, stop: stop}
		c.one(ctx, session.Entry{ID: tt.id})
		if !reflect.DeepEqual(c.rec, tt.want) || (ctx.Err() != nil) != tt.stops {
			t.Errorf("%s, %v: %+v, %v", tt.id, tt.write, c.rec, context.Cause(ctx))
		}
		stop(nil)
	}
}

// unreadableStore does not let one session be read.
type unreadableStore struct {
	*session.Memory
	id string
}

func (s unreadableStore) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if id == s.id {
		return nil, time.Time{}, fs.ErrPermission
	}
	return s.Memory.Load(ctx, id)
}

// What is listed as too large is not fetched.
func TestFindTooLarge(t *testing.T) {
	memory := session.NewMemory(session.MemoryConfig{})
	if err := memory.Create(t.Context(), testID(1), []byte(`{}`), time.Hour); err != nil {
		t.Fatal(err)
	}
	s := openSlow(0)
	s.whole = memory
	for size, want := range map[int]error{maxJSON: nil, maxJSON + 1: codec.ErrTooLarge} {
		if _, err := s.find(t.Context(), session.Entry{ID: testID(1), Size: size}); !errors.Is(err, want) {
			t.Errorf("%d: %v", size, err)
		}
	}
}

// What has expired stays behind as such, also what is no session.
func TestCopyExpired(t *testing.T) {
	e, _, _ := testEnv("")
	c := &copying{storeCopy: &storeCopy{storeCommand: storeCommand{app: app{env: e}}, source: openSlow(0)}}
	past := e.now().Add(-time.Second)
	c.source.whole = leavingStore{left: []error{session.ErrDamaged}, expires: past}
	c.feed(t.Context(), nil, nil)
	if want := (copied{Expired: 1}); !reflect.DeepEqual(c.rec, want) {
		t.Errorf("%+v", c.rec)
	}
}
