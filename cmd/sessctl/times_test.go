package main

import (
	"testing"
	"time"

	"github.com/sessctl/sessctl/codec"
)

func TestParseMaxAge(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want time.Duration // 0: an error
	}{
		{"none", codec.NoMaxAge},
		{"1", time.Second},
		{"90s", 90 * time.Second},
		{"5m", 5 * time.Minute},
		{"48h", 48 * time.Hour},
		{"14d", codec.DefaultMaxAge},
		{"2w", codec.DefaultMaxAge},
		{"15250w", 15250 * 7 * 24 * time.Hour},
		{"15251w", 0},
		{"99999999999999999999", 0},
		{"0", 0},
		{"0d", 0},
		{"", 0},
		{"d", 0},
		{"-1", 0},
		{"1.5h", 0},
		{"1h30m", 0},
		{"1 d", 0},
		{"1D", 0},
	} {
		got, err := parseMaxAge("max-age", tt.in)
		if got != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("parseMaxAge(%q) = %v, %v", tt.in, got, err)
		}
	}
}

func TestParseNow(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int64 // Unix; -1: an error
	}{
		{"1700000000", 1700000000},
		{"0", 0},
		{"253402300799", 253402300799},
		{"2023-11-14T22:13:20Z", 1700000000},
		{"2023-11-15T03:43:20+05:30", 1700000000},
		{"2023-11-14T22:13:20.5Z", 1700000000},
		{"253402300800", -1},
		{"-1", -1},
		{"2023-11-14", -1},
		{"now", -1},
		{"", -1},
	} {
		got, err := parseNow(tt.in)
		if (err != nil) != (tt.want < 0) || err == nil && got.Unix() != tt.want {
			t.Errorf("parseNow(%q) = %v, %v", tt.in, got, err)
		}
	}
}

func TestRelative(t *testing.T) {
	c := clock{time.Unix(1700000000, 0), time.UTC}
	for _, tt := range []struct {
		seconds int64
		want    string
	}{
		{0, "now"},
		{1, "in 1 second"},
		{-1, "1 second ago"},
		{59, "in 59 seconds"},
		{60, "in 1 minute"},
		{90 * 60, "in 2 hours"},
		{23 * 3600, "in 23 hours"},
		{-86400, "1 day ago"},
		{13*86400 + 86399, "in 14 days"},
		{-700 * 86400, "700 days ago"},
		{3 * 365 * 86400, "in 3 years"},
		{253402300799 - 1700000000, "in 7981 years"},
	} {
		if got := c.relative(time.Unix(1700000000+tt.seconds, 0)); got != tt.want {
			t.Errorf("%d s: %q, want %q", tt.seconds, got, tt.want)
		}
	}
}
