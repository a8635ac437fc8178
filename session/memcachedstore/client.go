package memcachedstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// client speaks memcached's text protocol with one server.
type client struct {
	network, addr string
	dial          func(ctx context.Context, network, addr string) (net.Conn, error)
	maxIdle       int

	mu     sync.Mutex
	idle   []*conn // the last used at the end
	closed bool
}

type request struct {
	command string
	key     string
	line    []byte
	data    []byte
	stores  bool // data follows the line
	again   bool // to do it twice does no harm, nor is the second answer another
}

var errClosed = errors.New("memcachedstore: the store is closed")

// do sends a request and returns its answer, or the error that the answer is.
func (c *client) do(ctx context.Context, q request) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	n, err := c.take()
	if err != nil {
		return answer{}, err
	}
	if n != nil {
		a, again, err := c.exchange(ctx, n, q)
		if err == nil || !again {
			return a, orContext(ctx, err)
		}
	}
	raw, err := c.dial(ctx, c.network, c.addr)
	if err != nil {
		return answer{}, orContext(ctx, fmt.Errorf("memcachedstore: %w", err))
	}
	a, _, err := c.exchange(ctx, newConn(raw), q)
	return a, orContext(ctx, err)
}

// orContext returns why an exchange has failed.
func orContext(ctx context.Context, err error) error {
	if err == nil || isAnswer(err) || ctx.Err() == nil {
		return err
	}
	return ctx.Err()
}

// exchange sends a request on a connection, which it keeps if that is sound, else
// closes. again reports whether the request may be sent once more after an error.
func (c *client) exchange(ctx context.Context, n *conn, q request) (a answer, again bool, err error) {
	stop := context.AfterFunc(ctx, func() { n.SetDeadline(time.Unix(1, 0)) })
	if err = n.send(q); err != nil {
		again = true // the server has not got all of it, and does nothing
	} else if _, err = n.r.Peek(1); err != nil {
		again = q.again
	} else {
		a, err = readAnswer(n.r, q)
	}
	sound := err == nil || isAnswer(err)
	if stop() && sound && n.r.Buffered() == 0 {
		c.put(n)
	} else {
		n.socket.Close()
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if !sound {
		err = fmt.Errorf("memcachedstore: %w", err)
	}
	return a, again, err
}

// take returns an idle connection, or nil where there is none.
func (c *client) take() (*conn, error) {
	for {
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, errClosed
		}
		last := len(c.idle) - 1
		if last < 0 {
			c.mu.Unlock()
			return nil, nil
		}
		n := c.idle[last]
		c.idle[last] = nil
		c.idle = c.idle[:last]
		c.mu.Unlock()
		if isOpen(n.socket) {
			return n, nil
		}
		n.socket.Close()
	}
}

func (c *client) put(n *conn) {
	c.mu.Lock()
	keep := !c.closed && len(c.idle) < c.maxIdle
	if keep {
		c.idle = append(c.idle, n)
	}
	c.mu.Unlock()
	if !keep {
		n.socket.Close()
	}
}

func (c *client) close() error {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	var errs []error
	for _, n := range idle {
		errs = append(errs, n.socket.Close())
	}
	return errors.Join(errs...)
}

// conn is a connection on which nothing is under way, or one request.
type conn struct {
	net.Conn
	socket net.Conn // below TLS, whose Close would wait until it has said goodbye
	r      *bufio.Reader
	w      *bufio.Writer
}

func newConn(c net.Conn) *conn {
	n := &conn{Conn: c, socket: c, r: bufio.NewReaderSize(c, maxLine), w: bufio.NewWriter(c)}
	if secured, ok := c.(interface{ NetConn() net.Conn }); ok {
		n.socket = secured.NetConn()
	}
	return n
}

// send sends a request. What it writes at the end is part of the request, so that
// after an error the server has not got all.
func (n *conn) send(q request) error {
	n.w.Write(q.line) // its errors stay
	if q.stores {
		n.w.Write(q.data)
		n.w.WriteString("\r\n")
	}
	return n.w.Flush()
}
