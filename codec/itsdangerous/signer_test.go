package itsdangerous

import (
	"testing"
	"time"
)

// TestStarletteVector is a cookie that Starlette wrote for the secret "secret".
func TestStarletteVector(t *testing.T) {
	const cookie = "eyJ1c2VyIjogInpvXHUwMGViIiwgIm4iOiAxLCAiZiI6IDFlKzE2fQ==.ZVPxAA.oA0FYT1NySPdtKiSPcbQYPugu7w"
	s, err := NewTimestampSigner(Config{
		Keys: [][]byte{[]byte("secret")},
		Now:  func() time.Time { return time.Unix(1700000000, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	value, info, err := s.Unsign([]byte(cookie), 0)
	if err != nil || info.SignedAt.Unix() != 1700000000 {
		t.Fatalf("Unsign: %v, %v", info, err)
	}
	if got, err := s.Sign(value); err != nil || string(got) != cookie {
		t.Errorf("Sign = %s, %v", got, err)
	}
}
