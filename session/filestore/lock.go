package filestore

import (
	"context"
	"sync"
)

var gates sync.Map // of a directory, chan struct{}

// gateOf returns what keeps the goroutines of this process apart that change a
// directory: each holds the gate before it asks for the lock, so that they queue.
func gateOf(dir string) chan struct{} {
	gate, _ := gates.LoadOrStore(dir, make(chan struct{}, 1))
	return gate.(chan struct{})
}

// lock waits until nobody else changes the directory, or ctx is done.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release, err := lockDir(ctx, s.dir)
	if err != nil {
		<-s.gate
		return nil, err
	}
	return func() {
		release()
		<-s.gate
	}, nil
}
