package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sessctl/sessctl/session/filestore"
)

func openFile(_ context.Context, d *dsn, o openOptions) (b backend, err error) {
	c := filestore.Config{Dir: d.path, Layout: filestore.Litestar, Create: o.create, Now: o.now}
	if d.layout == "starlite" {
		c.Layout = filestore.Starlite
	}
	if d.named == "id" {
		c.Names = filestore.NamesID
	}
	if b.live, err = filestore.New(c); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", errMissing, err)
		}
		return b, err
	}
	c.Now = longAgo
	b.whole, err = filestore.New(c)
	return b, err
}
