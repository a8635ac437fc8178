package session

import (
	"cmp"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/sessctl/sessctl/codec"
)

// Counters count the sessions that were read, by format and key: they tell when
// an old key or an old format may go. The zero value is ready.
//
//	var read session.Counters
//	expvar.Publish("sessions", &read)
//	session.Options{OnRead: read.Count}
//
// Their [Counters.String] makes them an expvar.Var; [Counters.All] is for
// Prometheus and OpenTelemetry, whose clients ask when they are asked.
type Counters struct {
	mu    sync.Mutex
	reads map[Source]Reads
}

// Source is where a session came from.
type Source struct {
	Format codec.Format
	Key    string // its label
	Stale  bool   // a previous key, or a From format
}

// Reads is how often, and when last.
type Reads struct {
	Count uint64
	Last  time.Time
}

// Count is for [Options].OnRead.
func (c *Counters) Count(_ *http.Request, info codec.Info) {
	source := Source{info.Format, info.KeyLabel, info.Stale}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reads == nil {
		c.reads = map[Source]Reads{}
	}
	c.reads[source] = Reads{c.reads[source].Count + 1, time.Now()}
}

// All yields what was counted so far, ordered by format and key.
func (c *Counters) All() iter.Seq2[Source, Reads] {
	type entry struct {
		Source
		Reads
	}
	c.mu.Lock()
	var all []entry
	for source, reads := range c.reads {
		all = append(all, entry{source, reads})
	}
	c.mu.Unlock()
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Format, b.Format), cmp.Compare(a.Key, b.Key))
	})
	return func(yield func(Source, Reads) bool) {
		for _, e := range all {
			if !yield(e.Source, e.Reads) {
				return
			}
		}
	}
}

// String returns the counters as JSON: a list, with the fields format, key,
// stale, count and last.
func (c *Counters) String() string {
	type record struct {
		Format string    `json:"format"`
		Key    string    `json:"key"`
		Stale  bool      `json:"stale"`
		Count  uint64    `json:"count"`
		Last   time.Time `json:"last"`
	}
	records := []record{}
	for source, reads := range c.All() {
		records = append(records, record{source.Format.String(), source.Key, source.Stale, reads.Count, reads.Last.UTC()})
	}
	text, err := json.Marshal(records)
	if err != nil {
		return "[]" // a clock beyond the year 9999
	}
	return string(text)
}
