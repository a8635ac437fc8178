//go:build !unix

package filestore

import "os"

func giveAway(*os.File, string) {}
