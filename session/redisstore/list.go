package redisstore

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/sessctl/sessctl/session"
)

// batch is how many keys are asked for at a time.
const batch = 500

// List is [session.Lister], in no order. It remembers the keys: SCAN may return one
// twice.
func (s *Store) List(ctx context.Context) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		listed := map[string]struct{}{}
		for keys, err := range s.keys(ctx) {
			if err != nil {
				yield(session.Entry{}, err)
				return
			}
			keys = unlisted(keys, listed)
			for entry, err := range s.entries(ctx, keys) {
				if !yield(entry, err) || err != nil && entry.Key == "" {
					return
				}
			}
		}
	}
}

// unlisted returns the keys that were not listed yet.
func unlisted(keys []string, listed map[string]struct{}) (rest []string) {
	for _, key := range keys {
		if _, ok := listed[key]; !ok {
			listed[key] = struct{}{}
			rest = append(rest, key)
		}
	}
	return rest
}

// entries yields what is known of sessions, in one round trip (to each node).
func (s *Store) entries(ctx context.Context, keys []string) iter.Seq2[session.Entry, error] {
	return func(yield func(session.Entry, error) bool) {
		pipe := s.client.Pipeline()
		sizes, ttls := make([]*redis.IntCmd, len(keys)), make([]*redis.IntCmd, len(keys))
		for i, key := range keys {
			sizes[i], ttls[i] = pipe.StrLen(ctx, s.prefix+key), s.pttl(ctx, pipe, key)
		}
		_, err := pipe.Exec(ctx)
		for i, key := range keys {
			e := session.Entry{ID: key, Key: key, Size: int(sizes[i].Val())}
			if !session.ValidID(key) {
				e.ID, e.Odd = "", true
			}
			expires, there := expiry(ttls[i].Val())
			e.Expires = expires
			switch err := sizes[i].Err(); {
			case isOfType(err) && e.Odd: // no session
			case isOfType(err):
				if !yield(e, failure(err)) {
					return
				}
				continue
			case err != nil || ttls[i].Err() != nil:
				yield(session.Entry{}, failure(cmp.Or(err, ttls[i].Err())))
				return
			case !there:
				continue // it has expired, or was deleted
			}
			if !yield(e, nil) {
				return
			}
		}
		if err != nil && ctx.Err() != nil {
			yield(session.Entry{}, ctx.Err())
		}
	}
}

// isOfType reports whether an error says that a key holds no string.
func isOfType(err error) bool { return redis.HasErrorPrefix(err, "WRONGTYPE") }

// Clear is [session.Clearer]. What has another key than sessions have stays. Without a
// namespace it is an error, as with Litestar.
func (s *Store) Clear(ctx context.Context) (deleted int, err error) {
	if s.prefix == "" {
		return 0, errors.New("redisstore: without a namespace nobody knows which keys are sessions, so none is deleted")
	}
	for keys, err := range s.keys(ctx) {
		if err != nil {
			return deleted, err
		}
		pipe := s.client.Pipeline()
		for _, key := range keys {
			if session.ValidID(key) {
				pipe.Unlink(ctx, s.prefix+key) // one by one: they are on several nodes
			}
		}
		if pipe.Len() == 0 {
			continue
		}
		answers, err := pipe.Exec(ctx)
		for _, answer := range answers {
			deleted += int(answer.(*redis.IntCmd).Val())
		}
		if err != nil {
			return deleted, failure(err)
		}
	}
	return deleted, nil
}

// keys yields the keys of the namespace, without it, some of them twice.
func (s *Store) keys(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		nodes, err := s.nodes(ctx)
		if err != nil {
			yield(nil, failure(err))
			return
		}
		for _, node := range nodes {
			for cursor := uint64(0); ; {
				keys, next, err := node.Scan(ctx, cursor, escape(s.prefix)+"*", batch).Result()
				if err != nil {
					yield(nil, failure(err))
					return
				}
				for i, key := range keys {
					keys[i] = strings.TrimPrefix(key, s.prefix)
				}
				if !yield(keys, nil) {
					return
				}
				if cursor = next; cursor == 0 {
					break
				}
			}
		}
	}
}

// nodes returns the clients of all servers that hold keys.
func (s *Store) nodes(ctx context.Context) (nodes []redis.Cmdable, err error) {
	var mu sync.Mutex
	collect := func(_ context.Context, node *redis.Client) error {
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, node)
		return nil
	}
	switch client := s.client.(type) {
	case *redis.ClusterClient:
		err = client.ForEachMaster(ctx, collect)
	case *redis.Ring:
		err = client.ForEachShard(ctx, collect)
	default:
		nodes = append(nodes, client)
	}
	return nodes, err
}

// escape makes a glob pattern of a text.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}
