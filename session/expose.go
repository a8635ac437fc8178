package session

import (
	"io"
	"net/http"
)

// expose returns the writer with those optional interfaces that the underlying
// one has, no more and no fewer: who finds an http.Flusher relies on it, and
// io.Copy on an io.ReaderFrom. Go needs a type for each set of them. What only
// [http.ResponseController] finds is behind Unwrap.
func (w *writer) expose() http.ResponseWriter {
	_, canFlush := w.ResponseWriter.(http.Flusher)
	_, canHijack := w.ResponseWriter.(http.Hijacker)
	_, canReadFrom := w.ResponseWriter.(io.ReaderFrom)
	p, canPush := w.ResponseWriter.(http.Pusher)
	f, h, r := flusher{w}, hijacker{w}, readerFrom{w}
	//lint:ignore SA1019 gin takes it for granted where there is a Flusher
	if n, ok := w.ResponseWriter.(http.CloseNotifier); ok && canFlush {
		f := notifier{f, n}
		switch [...]bool{canHijack, canReadFrom, canPush} {
		case [...]bool{true, true, true}:
			return struct {
				*writer
				notifier
				hijacker
				readerFrom
				http.Pusher
			}{w, f, h, r, p}
		case [...]bool{true, true, false}:
			return struct {
				*writer
				notifier
				hijacker
				readerFrom
			}{w, f, h, r}
		case [...]bool{true, false, true}:
			return struct {
				*writer
				notifier
				hijacker
				http.Pusher
			}{w, f, h, p}
		case [...]bool{true, false, false}:
			return struct {
				*writer
				notifier
				hijacker
			}{w, f, h}
		case [...]bool{false, true, true}:
			return struct {
				*writer
				notifier
				readerFrom
				http.Pusher
			}{w, f, r, p}
		case [...]bool{false, true, false}:
			return struct {
				*writer
				notifier
				readerFrom
			}{w, f, r}
		case [...]bool{false, false, true}:
			return struct {
				*writer
				notifier
				http.Pusher
			}{w, f, p}
		case [...]bool{false, false, false}:
			return struct {
				*writer
				notifier
			}{w, f}
		}
	}
	switch [...]bool{canFlush, canHijack, canReadFrom, canPush} {
	case [...]bool{true, true, true, true}:
		return struct {
			*writer
			flusher
			hijacker
			readerFrom
			http.Pusher
		}{w, f, h, r, p}
	case [...]bool{true, true, true, false}:
		return struct {
			*writer
			flusher
			hijacker
			readerFrom
		}{w, f, h, r}
	case [...]bool{true, true, false, true}:
		return struct {
			*writer
			flusher
			hijacker
			http.Pusher
		}{w, f, h, p}
	case [...]bool{true, true, false, false}:
		return struct {
			*writer
			flusher
			hijacker
		}{w, f, h}
	case [...]bool{true, false, true, true}:
		return struct {
			*writer
			flusher
			readerFrom
			http.Pusher
		}{w, f, r, p}
	case [...]bool{true, false, true, false}:
		return struct {
			*writer
			flusher
			readerFrom
		}{w, f, r}
	case [...]bool{true, false, false, true}:
		return struct {
			*writer
			flusher
			http.Pusher
		}{w, f, p}
	case [...]bool{true, false, false, false}:
		return struct {
			*writer
			flusher
		}{w, f}
	case [...]bool{false, true, true, true}:
		return struct {
			*writer
			hijacker
			readerFrom
			http.Pusher
		}{w, h, r, p}
	case [...]bool{false, true, true, false}:
		return struct {
			*writer
			hijacker
			readerFrom
		}{w, h, r}
	case [...]bool{false, true, false, true}:
		return struct {
			*writer
			hijacker
			http.Pusher
		}{w, h, p}
	case [...]bool{false, true, false, false}:
		return struct {
			*writer
			hijacker
		}{w, h}
	case [...]bool{false, false, true, true}:
		return struct {
			*writer
			readerFrom
			http.Pusher
		}{w, r, p}
	case [...]bool{false, false, true, false}:
		return struct {
			*writer
			readerFrom
		}{w, r}
	case [...]bool{false, false, false, true}:
		return struct {
			*writer
			http.Pusher
		}{w, p}
	}
	return w
}
