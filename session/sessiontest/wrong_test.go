package sessiontest_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/sessiontest"
)

// faults are what the suite must find in a store.
var faults = strings.Fields(`
	create-overwrites create-renews create-keeps-buffer replace-creates replace-keeps-expiry replace-races replace-keeps-buffer
	touch-creates touch-does-nothing touch-only-longer touch-writes-data delete-says-nothing delete-races delete-expired-says-nothing
	expired-is-loaded load-renews load-lends swap-compares-nothing swap-folds-case swap-compares-length swap-creates swap-races
	swap-keeps-expiry list-twice list-expired list-no-expiry list-other-id list-odd clear-miscounts prune-only-counts prune-all
	ignores-context short-ttl
	id-64 id-no-128 ttl-relative-month ttl-int32-ms ttl-day list-page clear-page prune-page data-256k data-text data-to-nul
	swap-races-replace create-expired-races prune-races list-ignores-context
`)

const faultEnv = "SESSIONTEST_FAULT"

// The suite runs on a wrong store in a process of its own, where it must fail; the
// store without a fault passes.
func TestSuiteFindsFaults(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range append(faults, "none") {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestWrongStore$", "-test.timeout=1m")
			cmd.Env = append(os.Environ(), faultEnv+"="+fault)
			out, err := cmd.CombinedOutput()
			var failed *exec.ExitError
			switch {
			case fault == "none" && err != nil:
				t.Errorf("%v\n%s", err, out)
			case fault != "none" && (!errors.As(err, &failed) || !bytes.Contains(out, []byte("--- FAIL: TestWrongStore/"))):
				t.Errorf("the suite passes: %v\n%s", err, out)
			}
		})
	}
}

func TestWrongStore(t *testing.T) {
	fault := os.Getenv(faultEnv)
	if fault == "" {
		fault = "none"
	}
	clock := sessiontest.NewClock()
	sessiontest.TestStore(t, sessiontest.Suite{
		New: func(t *testing.T) session.Store {
			return &wrong{Memory: session.NewMemory(session.MemoryConfig{Now: clock.Now}), fault: fault, clock: clock}
		},
		Advance: clock.Advance, Now: clock.Now,
	})
}

// wrong is a store with a fault.
type wrong struct {
	*session.Memory
	fault string
	clock *sessiontest.Clock
	kept  sync.Map // data by id, of callers
	ids   sync.Map // that were ever created
	swaps sync.Mutex
}

func (w *wrong) is(fault string) bool { return w.fault == fault }

// gap is where others come between.
func gap() { time.Sleep(50 * time.Microsecond) }

func (w *wrong) ttl(ttl time.Duration) time.Duration {
	if w.is("short-ttl") && ttl < time.Second {
		return time.Second // and then it is over before that
	}
	const day = 24 * time.Hour
	switch {
	case ttl == session.NoExpiry:
	case w.is("ttl-relative-month") && ttl > 30*day: // to memcached a date, of 1970
		return time.Second
	case w.is("ttl-int32-ms"):
		return time.Duration(int32(ttl.Milliseconds())) * time.Millisecond
	case w.is("ttl-day"):
		return min(ttl, day)
	}
	return ttl
}

// id is cut where a column is a char(64).
func (w *wrong) id(id string) string {
	if w.is("id-64") {
		return id[:min(len(id), 64)]
	}
	return id
}

func (w *wrong) data(data []byte) []byte {
	switch {
	case w.is("data-256k"):
		return data[:min(len(data), 256<<10)]
	case w.is("data-text"):
		return bytes.ToValidUTF8(data, []byte("?"))
	case w.is("data-to-nul"):
		data, _, _ = bytes.Cut(data, []byte{0})
	}
	return data
}

// page is how many are listed, cleared or pruned by who knows of no more pages.
const page = 1000

func (w *wrong) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if w.is("ignores-context") {
		ctx = context.WithoutCancel(ctx)
	}
	data, expires, err := w.Memory.Load(ctx, w.id(id))
	kept, ok := w.kept.Load(id)
	switch {
	case w.is("load-renews") && err == nil:
		w.Memory.Touch(ctx, id, time.Hour)
	case w.is("expired-is-loaded") && errors.Is(err, session.ErrNotFound) && ok:
		return kept.([]byte), w.clock.Now(), nil
	case (w.is("load-lends") || strings.HasSuffix(w.fault, "-keeps-buffer")) && ok:
		return kept.([]byte), expires, err
	case w.is("short-ttl") && err == nil && expires.Sub(w.clock.Now()) <= time.Second:
		return nil, time.Time{}, session.ErrNotFound
	}
	return data, expires, err
}

func (w *wrong) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	_, known := w.ids.LoadOrStore(id, true)
	switch {
	case w.is("id-no-128") && len(id) == 128:
		return errors.New("the id is too long")
	case w.is("create-expired-races") && known:
		if _, _, err := w.Memory.Load(ctx, id); err == nil {
			return session.ErrExists
		}
		gap()
		w.Memory.Delete(ctx, id)
	}
	err := w.Memory.Create(ctx, w.id(id), w.data(data), w.ttl(ttl))
	switch {
	case w.is("create-overwrites") && errors.Is(err, session.ErrExists):
		return w.Memory.Replace(ctx, id, data, ttl)
	case w.is("create-renews") && errors.Is(err, session.ErrExists):
		w.Memory.Touch(ctx, id, ttl)
	case w.is("create-keeps-buffer") && len(data) > 0:
		w.kept.Store(id, data)
	case w.is("load-lends") && len(data) > 0, w.is("expired-is-loaded") && ttl < time.Minute:
		w.kept.Store(id, bytes.Clone(data))
	}
	return err
}

func (w *wrong) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	switch {
	case w.is("replace-races"):
		_, _, err := w.Memory.Load(ctx, id)
		gap()
		if err == nil {
			if err = w.Memory.Replace(ctx, id, data, ttl); errors.Is(err, session.ErrNotFound) {
				err = w.Memory.Create(ctx, id, data, ttl)
			}
		}
		return err
	case w.is("replace-keeps-expiry"):
		if old, expires, err := w.Memory.Load(ctx, id); err == nil {
			return w.Memory.Swap(ctx, id, old, data, expires.Sub(w.clock.Now()))
		}
	}
	err := w.Memory.Replace(ctx, w.id(id), w.data(data), w.ttl(ttl))
	switch {
	case w.is("replace-creates") && errors.Is(err, session.ErrNotFound):
		return w.Memory.Create(ctx, id, data, ttl)
	case w.is("replace-keeps-buffer"):
		w.kept.Store(id, data)
	}
	return err
}

func (w *wrong) Touch(ctx context.Context, id string, ttl time.Duration) error {
	data, expires, err := w.Memory.Load(ctx, id)
	switch {
	case err != nil && w.is("touch-creates"):
		return w.Memory.Create(ctx, id, []byte(`{}`), ttl)
	case err == nil && w.is("touch-does-nothing"),
		err == nil && w.is("touch-only-longer") && w.clock.Now().Add(ttl).Before(expires):
		return nil
	case err == nil && w.is("touch-writes-data"):
		gap()
		return w.Memory.Replace(ctx, id, data, ttl)
	}
	return w.Memory.Touch(ctx, w.id(id), w.ttl(ttl))
}

func (w *wrong) Delete(ctx context.Context, id string) error {
	if w.is("delete-races") {
		_, _, err := w.Memory.Load(ctx, id)
		gap()
		if err == nil {
			w.Memory.Delete(ctx, id)
		}
		return err
	}
	before := w.Len()
	err := w.Memory.Delete(ctx, w.id(id))
	if errors.Is(err, session.ErrNotFound) && (w.is("delete-says-nothing") || w.is("delete-expired-says-nothing") && w.Len() < before) {
		return nil
	}
	return err
}

func (w *wrong) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	if w.is("swap-races-replace") { // but no other Swap
		w.swaps.Lock()
		defer w.swaps.Unlock()
	}
	is, expires, err := w.Memory.Load(ctx, w.id(id))
	switch {
	case w.is("swap-creates") && errors.Is(err, session.ErrNotFound):
		return w.Memory.Create(ctx, id, data, ttl)
	case err != nil:
		return err
	case w.is("swap-races"), w.is("swap-races-replace"):
		gap()
		if !bytes.Equal(is, old) {
			return session.ErrChanged
		}
		return w.Memory.Replace(ctx, id, data, ttl)
	case w.is("swap-keeps-expiry"):
		ttl = expires.Sub(w.clock.Now())
	case w.is("swap-compares-nothing"), w.is("swap-folds-case") && bytes.EqualFold(is, old), w.is("swap-compares-length") && len(is) == len(old):
		old = is
	}
	return w.Memory.Swap(ctx, w.id(id), old, w.data(data), w.ttl(ttl))
}

func (w *wrong) List(ctx context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		n := 0
		if w.is("list-ignores-context") && ctx.Err() == nil {
			ctx = context.WithoutCancel(ctx)
		}
		for e, err := range w.Memory.List(ctx) {
			n++
			switch {
			case err != nil:
			case w.is("list-page") && n > page:
				return
			case w.is("list-no-expiry"):
				e.Expires = time.Time{}
			case w.is("list-other-id"):
				e.ID = strings.Repeat("0", 64)
			case w.is("list-odd"):
				e.Odd, e.ID = true, ""
			case w.is("list-twice") && n == 7:
				if !yield(e, nil) {
					return
				}
			}
			if !yield(e, err) {
				return
			}
		}
		if w.is("list-expired") && n > 0 {
			yield(session.Entry{ID: strings.Repeat("0", 64), Key: strings.Repeat("0", 64), Expires: w.clock.Now()}, nil)
		}
	}
}

func (w *wrong) Clear(ctx context.Context) (int, error) {
	if w.is("clear-page") && w.Len() > page {
		return w.deletePage(ctx)
	}
	n, err := w.Memory.Clear(ctx)
	if w.is("clear-miscounts") {
		n++
	}
	return n, err
}

// deletePage deletes some sessions.
func (w *wrong) deletePage(ctx context.Context) (n int, err error) {
	for e := range w.Memory.List(ctx) {
		if n == page {
			break
		}
		w.Memory.Delete(ctx, e.ID)
		n++
	}
	return n, nil
}

func (w *wrong) Prune(ctx context.Context) (int, error) {
	switch {
	case w.is("prune-all"):
		return w.Memory.Clear(ctx)
	case w.is("prune-only-counts"):
		live := 0
		for range w.Memory.List(ctx) {
			live++
		}
		return w.Len() - live, nil
	case w.is("prune-races"), w.is("prune-page"):
		var expired []string
		w.ids.Range(func(id, _ any) bool {
			if _, _, err := w.Memory.Load(ctx, id.(string)); err != nil {
				expired = append(expired, id.(string))
			}
			return true
		})
		time.Sleep(5 * time.Millisecond)
		before := w.Len()
		for i, id := range expired {
			if i == page && w.is("prune-page") {
				break
			}
			w.Memory.Delete(ctx, id)
		}
		return before - w.Len(), nil
	}
	return w.Memory.Prune(ctx)
}
