package main

import "github.com/sessctl/sessctl/session"

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

func (c *oneStore) newRecord(e session.Entry, fullIDs bool) storeRecord {
	rec := storeRecord{
		Schema: schema, Store: c.kind, Layout: c.layout, Odd: e.Odd, Size: e.Size,
		ExpiresAt: optionalTime(e.Expires), Expired: c.isExpired(e.Expires), Findings: []finding{},
	}
	switch {
	case e.ID != "" && fullIDs:
		rec.ID = e.ID
	case e.ID != "":
		rec.IDPrefix = e.ID[:idDigits]
	case e.Odd && !fullIDs:
		rec.KeyPrefix = shortKey(e.Key)
	default:
		rec.Key = e.Key
	}
	if e.Odd {
		rec.Findings = append(rec.Findings, newFinding("odd-key", "", ""))
	}
	return rec
}
