//go:build unix

package memcachedstore

import (
	"net"
	"syscall"
)

// isOpen reports whether an idle connection is still open, and nothing was sent on it
// that nobody has asked for. A connection that the server has closed takes a request
// none the less, and then there is no telling whether the server got it.
func isOpen(c net.Conn) bool {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	open := false
	err = raw.Read(func(fd uintptr) bool {
		_, err := syscall.Read(int(fd), make([]byte, 1))
		open = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && open
}
