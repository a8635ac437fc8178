package main

import (
	"errors"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
	"github.com/sessctl/sessctl/session/filestore"
)

// storeRecord is a session of a store as JSON. sessctl help json documents its
// fields.
type storeRecord struct {
	Schema    string  `json:"schema"`
	Store     string  `json:"store"`
	Layout    string  `json:"layout"`
	ID        string  `json:"id,omitzero"`
	IDPrefix  string  `json:"id_prefix,omitzero"`
	Key       string  `json:"key,omitzero"`
	KeyPrefix string  `json:"key_prefix,omitzero"`
	Odd       bool    `json:"odd,omitzero"`
	Size      int     `json:"size"`
	ExpiresAt *string `json:"expires_at"`
	Expired   bool    `json:"expired"`
	content
	Findings []finding `json:"findings"`
}

// newRecord returns the record of a session. The hash of an id, which is none, is shown
// whole; but where nothing can be read under it, it may be no hash: the DSN says so, and
// can be wrong. Whether prune --odd leaves a key of another form, what it holds tells too.
func (c *oneStore) newRecord(e session.Entry, fullIDs, readable, stays bool) storeRecord {
	rec := storeRecord{
		Schema: schema, Store: c.kind, Layout: c.layout, Odd: e.Odd, Size: e.Size,
		ExpiresAt: optionalTime(e.Expires), Expired: c.isExpired(e.Expires), Findings: []finding{},
	}
	switch {
	case e.ID != "" && fullIDs:
		rec.ID = e.ID
	case e.ID != "":
		rec.IDPrefix = e.ID[:idDigits]
	case fullIDs, readable && !e.Odd:
		rec.Key = e.Key
	default:
		rec.KeyPrefix = shortKey(e.Key)
	}
	if e.Odd {
		f := newFinding("odd-key", "", "")
		if stays || c.leavesOdd(e.Key) {
			f.Hint = ""
		}
		rec.Findings = append(rec.Findings, f)
	}
	return rec
}

// refusedFinding says why what lies in a store is not shown.
func refusedFinding(err error) finding {
	if errors.Is(err, session.ErrDamaged) || !isUnreadable(err) {
		f := newFinding("not-a-session", "", "")
		if errors.Is(err, filestore.ErrKept) {
			f.Hint = ""
		}
		return f
	}
	reason := "the system refuses it"
	if errors.Is(err, codec.ErrTooLarge) {
		reason = "it is too large"
	}
	return newFinding("not-readable", "", reason)
}
