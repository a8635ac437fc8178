package session

import (
	"bytes"
	"container/heap"
	"context"
	"hash/maphash"
	"iter"
	"sync"
	"sync/atomic"
	"time"
)

// MemoryConfig configures [NewMemory].
type MemoryConfig struct {
	MaxSessions int              // 0: 100,000
	Now         func() time.Time // nil: time.Now
}

const defaultMaxSessions = 100_000

// Memory is a Store in the memory of this process, and ends with it: for tests,
// and for services that are one process.
//
// A session takes 190 bytes beside its data. There is no goroutine: what has expired goes
// when its place is needed. When all
// places are taken it drops what has expired, or else refuses new sessions with
// [ErrFull]: it logs nobody out to make room.
type Memory struct {
	now    func() time.Time
	max    int64
	count  atomic.Int64 // of all shards, the expired too
	seed   maphash.Seed
	shards [32]memoryShard // so that requests seldom wait for each other
}

var (
	_ Store   = (*Memory)(nil)
	_ Swapper = (*Memory)(nil)
	_ Lister  = (*Memory)(nil)
	_ Clearer = (*Memory)(nil)
	_ Pruner  = (*Memory)(nil)
)

type memoryShard struct {
	mu       sync.Mutex
	sessions map[string]*memorySession
	expiries expiries
}

type memorySession struct {
	id      string
	data    []byte
	expires int64 // in Unix nanoseconds; a cookie's years fit
	index   int   // in the heap
}

// NewMemory returns an empty store.
func NewMemory(c MemoryConfig) *Memory {
	m := &Memory{now: c.Now, max: int64(c.MaxSessions), seed: maphash.MakeSeed()}
	if m.now == nil {
		m.now = time.Now
	}
	if m.max <= 0 {
		m.max = defaultMaxSessions
	}
	for i := range m.shards {
		m.shards[i].sessions = map[string]*memorySession{}
	}
	return m
}

func (m *Memory) shard(id string) *memoryShard {
	return &m.shards[maphash.String(m.seed, id)%uint64(len(m.shards))]
}

// live returns the session of an id, which must not have expired.
func (s *memoryShard) live(id string, now int64) (*memorySession, bool) {
	session, ok := s.sessions[id]
	return session, ok && session.expires > now
}

// Load is [Store].
func (m *Memory) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	now := m.now().UnixNano()
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.live(id, now)
	if !ok {
		return nil, time.Time{}, ErrNotFound
	}
	return bytes.Clone(session.data), time.Unix(0, session.expires), nil
}

// Create is [Store]; [ErrFull] when all places are taken.
func (m *Memory) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.now()
	if m.count.Load() >= m.max {
		m.prune(now.UnixNano())
	}
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.live(id, now.UnixNano()); ok {
		return ErrExists
	}
	s.remove(m, id)
	if m.count.Add(1) > m.max {
		m.count.Add(-1)
		return ErrFull
	}
	session := &memorySession{id: id, data: bytes.Clone(data), expires: expiry(now, ttl)}
	s.sessions[id] = session
	heap.Push(&s.expiries, session)
	return nil
}

// Replace is [Store].
func (m *Memory) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	return m.change(ctx, id, ttl, func(session *memorySession) error {
		session.data = bytes.Clone(data)
		return nil
	})
}

// Touch is [Store].
func (m *Memory) Touch(ctx context.Context, id string, ttl time.Duration) error {
	return m.change(ctx, id, ttl, func(*memorySession) error { return nil })
}

// Swap is [Swapper].
func (m *Memory) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	return m.change(ctx, id, ttl, func(session *memorySession) error {
		if !bytes.Equal(session.data, old) {
			return ErrChanged
		}
		session.data = bytes.Clone(data)
		return nil
	})
}

func (m *Memory) change(ctx context.Context, id string, ttl time.Duration, change func(*memorySession) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.now()
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	session, ok := s.live(id, now.UnixNano())
	if !ok {
		return ErrNotFound
	}
	if err := change(session); err != nil {
		return err
	}
	session.expires = expiry(now, ttl)
	heap.Fix(&s.expiries, session.index)
	return nil
}

// Delete is [Store].
func (m *Memory) Delete(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now := m.now().UnixNano()
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.live(id, now)
	s.remove(m, id)
	if !ok {
		return ErrNotFound
	}
	return nil
}

func (s *memoryShard) remove(m *Memory, id string) {
	if session, ok := s.sessions[id]; ok {
		delete(s.sessions, id)
		heap.Remove(&s.expiries, session.index)
		m.count.Add(-1)
	}
}

// List is [Lister], in no order. What has expired is not listed.
func (m *Memory) List(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		now := m.now().UnixNano()
		for i := range m.shards {
			s := &m.shards[i]
			var entries []Entry
			s.mu.Lock()
			for id, session := range s.sessions {
				if session.expires > now {
					entries = append(entries, Entry{ID: id, Key: id, Size: len(session.data), Expires: time.Unix(0, session.expires)})
				}
			}
			s.mu.Unlock()
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

// Clear is [Clearer].
func (m *Memory) Clear(ctx context.Context) (deleted int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		n := len(s.sessions)
		s.sessions, s.expiries = map[string]*memorySession{}, nil
		m.count.Add(int64(-n))
		s.mu.Unlock()
		deleted += n
	}
	return deleted, nil
}

// Prune is [Pruner].
func (m *Memory) Prune(ctx context.Context) (deleted int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return m.prune(m.now().UnixNano()), nil
}

func (m *Memory) prune(now int64) (deleted int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		for len(s.expiries) > 0 && s.expiries[0].expires <= now {
			s.remove(m, s.expiries[0].id)
			deleted++
		}
		s.mu.Unlock()
	}
	return deleted
}

// expiry ends before nanoseconds do.
func expiry(now time.Time, ttl time.Duration) int64 {
	const century = 100 * 365 * 24 * time.Hour
	return now.Add(min(max(ttl, time.Second), century)).UnixNano()
}

// Len returns how many sessions there are, with those that have expired and
// were not dropped yet.
func (m *Memory) Len() int { return int(m.count.Load()) }

// expiries is a heap: what expires first is in front.
type expiries []*memorySession

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].expires < e[j].expires }

func (e expiries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

func (e *expiries) Push(x any) {
	session := x.(*memorySession)
	session.index = len(*e)
	*e = append(*e, session)
}

func (e *expiries) Pop() any {
	old := *e
	session := old[len(old)-1]
	old[len(old)-1] = nil
	*e = old[:len(old)-1]
	return session
}
