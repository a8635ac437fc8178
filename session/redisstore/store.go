package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// Namespaces of the frameworks, where nothing else was configured.
const (
	Starlite = "STARLITE_SESSION" // RedisBackendConfig.key_prefix of Starlite v1
	Litestar = "LITESTAR"         // RedisStore(…) and RedisStore.with_client(…) of Litestar v2
)

// Config configures [New].
type Config struct {
	Client      redis.UniversalClient // it stays the caller's, to be closed after the store's last use
	Namespace   string                // what is before the colon of a key; must be given
	NoNamespace bool                  // the key is the id alone, as with namespace=None in Litestar
}

// maxData bounds a session: what [codec] reads of one is no longer.
const maxData = 1 << 20

// Store is the sessions of one namespace. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
}

var (
	_ session.Store   = (*Store)(nil)
	_ session.Swapper = (*Store)(nil)
	_ session.Lister  = (*Store)(nil)
	_ session.Clearer = (*Store)(nil)
	_ session.Keyed   = (*Store)(nil)
)

// New returns the store of a namespace. It does not connect.
func New(c Config) (*Store, error) {
	switch {
	case c.Client == nil:
		return nil, errors.New("redisstore: no Client")
	case c.Namespace == "" && !c.NoNamespace:
		return nil, errors.New("redisstore: no Namespace: Starlite has STARLITE_SESSION, Litestar LITESTAR")
	case c.Namespace != "" && c.NoNamespace:
		return nil, errors.New("redisstore: both a Namespace and NoNamespace")
	}
	if err := checkClient(c.Client); err != nil {
		return nil, err
	}
	s := &Store{client: c.Client}
	if !c.NoNamespace {
		s.prefix = c.Namespace + ":"
	}
	return s, nil
}

// checkClient refuses what would break the contract. Of a type that it does not know
// it knows nothing.
func checkClient(client redis.UniversalClient) error {
	bounded := true
	switch c := client.(type) {
	case *redis.Client:
		bounded = c.Options().ContextTimeoutEnabled
	case *redis.Ring:
		bounded = c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		bounded = c.Options().ContextTimeoutEnabled
		if c.Options().ReadOnly {
			return errors.New("redisstore: the client reads from replicas, which lag: leave ReadOnly, RouteByLatency and RouteRandomly out of its options")
		}
	}
	if !bounded {
		return errors.New("redisstore: the client does not keep to a context's deadline: set ContextTimeoutEnabled in its options")
	}
	return nil
}

// Load is [session.Store].
func (s *Store) Load(ctx context.Context, id string) ([]byte, time.Time, error) {
	if err := check(ctx, id, nil); err != nil {
		return nil, time.Time{}, err
	}
	return s.LoadKey(ctx, id)
}

// LoadKey is [session.Keyed]; a key is what follows the namespace and the colon.
func (s *Store) LoadKey(ctx context.Context, key string) ([]byte, time.Time, error) {
	pipe := s.client.Pipeline()
	get, ttl := pipe.Get(ctx, s.prefix+key), s.pttl(ctx, pipe, key)
	_, err := pipe.Exec(ctx)
	if errors.Is(get.Err(), redis.Nil) {
		return nil, time.Time{}, session.ErrNotFound
	}
	if err != nil {
		return nil, time.Time{}, failure(err)
	}
	data, _ := get.Bytes() // it has no error
	if len(data) > maxData {
		return nil, time.Time{}, errTooLarge(len(data))
	}
	expires, ok := expiry(ttl.Val())
	if !ok { // between the two
		return nil, time.Time{}, session.ErrNotFound
	}
	return data, expires, nil
}

// pttl asks how long a key lives yet. The client's own PTTL makes a time.Duration of it,
// which ends after 292 years, and so wraps around.
func (s *Store) pttl(ctx context.Context, pipe redis.Pipeliner, key string) *redis.IntCmd {
	cmd := redis.NewIntCmd(ctx, "pttl", s.prefix+key)
	_ = pipe.Process(ctx, cmd) // it is only put down
	return cmd
}

// expiry returns when a key expires by what PTTL says.
func expiry(pttl int64) (expires time.Time, ok bool) {
	const never, none = -1, -2
	switch pttl {
	case never:
		return time.Time{}, true
	case none:
		return time.Time{}, false
	}
	return time.Now().Add(time.Duration(min(pttl, session.NoExpiry.Milliseconds())) * time.Millisecond), true
}

// Create is [session.Store].
func (s *Store) Create(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	if err := check(ctx, id, data); err != nil {
		return err
	}
	args := []any{"set", s.prefix + id, data, "nx"}
	if ttl != session.NoExpiry {
		args = append(args, "px", lifetime(ttl).Milliseconds())
	}
	created := redis.NewBoolCmd(ctx, args...)
	_ = s.client.Process(ctx, once{created})
	return result(created.Val(), created.Err(), session.ErrExists)
}

// once is a command that the client does not send again when its answer was lost: the
// second answer would be about its own work.
type once struct{ redis.Cmder }

func (once) NoRetry() bool { return true }

// Replace is [session.Store].
func (s *Store) Replace(ctx context.Context, id string, data []byte, ttl time.Duration) error {
	if err := check(ctx, id, data); err != nil {
		return err
	}
	done, err := s.client.SetXX(ctx, s.prefix+id, data, lifetime(ttl)).Result()
	return result(done, err, session.ErrNotFound)
}

// Touch is [session.Store].
func (s *Store) Touch(ctx context.Context, id string, ttl time.Duration) error {
	if err := check(ctx, id, nil); err != nil {
		return err
	}
	if ttl == session.NoExpiry {
		return s.persist(ctx, id)
	}
	done, err := s.client.PExpire(ctx, s.prefix+id, lifetime(ttl)).Result()
	return result(done, err, session.ErrNotFound)
}

// persist takes a session's expiry away. PERSIST answers 0 also where there was none.
func (s *Store) persist(ctx context.Context, id string) error {
	done, err := s.client.Persist(ctx, s.prefix+id).Result()
	if err == nil && !done {
		var n int64
		n, err = s.client.Exists(ctx, s.prefix+id).Result()
		done = n > 0
	}
	return result(done, err, session.ErrNotFound)
}

// Delete is [session.Store].
func (s *Store) Delete(ctx context.Context, id string) error {
	if err := check(ctx, id, nil); err != nil {
		return err
	}
	return s.DeleteKey(ctx, id)
}

// DeleteKey is [session.Keyed].
func (s *Store) DeleteKey(ctx context.Context, key string) error {
	deleted := redis.NewIntCmd(ctx, "del", s.prefix+key)
	_ = s.client.Process(ctx, once{deleted})
	return result(deleted.Val() > 0, deleted.Err(), session.ErrNotFound)
}

const (
	swapMissing = iota
	swapChanged
)

// swapScript compares on the server: WATCH, GET, MULTI and SET would be three round trips,
// and SET IFEQ is too new (Redis 8.4, Valkey 8.1).
const swapScript = `
local old = redis.call('GET', KEYS[1])
if not old then return 0 end
if old ~= ARGV[1] then return 1 end
if ARGV[3] == '0' then
	redis.call('SET', KEYS[1], ARGV[2])
else
	redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 2
`

var swapHash = redis.NewScript(swapScript).Hash()

// Swap is [session.Swapper].
func (s *Store) Swap(ctx context.Context, id string, old, data []byte, ttl time.Duration) error {
	if err := check(ctx, id, data); err != nil {
		return err
	}
	outcome, err := s.runSwap(ctx, "evalsha", swapHash, id, old, data, ttl)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		outcome, err = s.runSwap(ctx, "eval", swapScript, id, old, data, ttl)
	}
	switch {
	case err != nil:
		return failure(err)
	case outcome == swapMissing:
		return session.ErrNotFound
	case outcome == swapChanged:
		return session.ErrChanged
	}
	return nil
}

// lifetime returns a ttl as the client and swapScript take it: 0 is never.
func lifetime(ttl time.Duration) time.Duration {
	if ttl == session.NoExpiry {
		return 0
	}
	return max(ttl, time.Second)
}

func (s *Store) runSwap(ctx context.Context, command, script, id string, old, data []byte, ttl time.Duration) (int64, error) {
	outcome := redis.NewIntCmd(ctx, command, script, 1, s.prefix+id, old, data, lifetime(ttl).Milliseconds())
	outcome.SetFirstKeyPos(3)
	_ = s.client.Process(ctx, once{outcome})
	return outcome.Result()
}

// check is for all methods that take an id. The client itself would look at the
// context too late to leave the server alone.
func check(ctx context.Context, id string, data []byte) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !session.ValidID(id):
		return errors.New("redisstore: what is not a valid id reached the store")
	case len(data) > maxData:
		return errTooLarge(len(data))
	}
	return nil
}

func errTooLarge(size int) error {
	return fmt.Errorf("redisstore: a session of %d bytes: %w", size, codec.ErrTooLarge)
}

func result(done bool, err error, refused error) error {
	switch {
	case errors.Is(err, redis.Nil), err == nil && !done:
		return refused
	case err != nil:
		return failure(err)
	}
	return nil
}

// failure is an error of the client or the server. A server that does not know a
// command repeats what it was called with: the key, and the data.
func failure(err error) error {
	if text, _, ok := strings.Cut(err.Error(), ", with args"); ok {
		return errors.New("redisstore: " + text)
	}
	if isOfType(err) {
		return fmt.Errorf("redisstore: %w: %v", session.ErrDamaged, err)
	}
	return fmt.Errorf("redisstore: %w", err)
}
