package crash

import (
	"net"
	"syscall"
	"testing"
)

// The kernel gives one port to several connections as long as their other ends differ; who is killed must be who called us.
func TestConnectionsThatShareAPortAreToldApart(t *testing.T) {
	t.Parallel()
	var listeners []net.Listener
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		listeners = append(listeners, l)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, Control: func(_, _ string, c syscall.RawConn) error {
		var set error
		err := c.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) })
		if err != nil {
			return err
		}
		return set
	}}
	seen := map[string]bool{}
	for _, l := range listeners {
		c, err := d.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		d.LocalAddr = c.LocalAddr()
		inode, err := socketOf(c.LocalAddr().String(), l.Addr().String())
		if err != nil || seen[inode] {
			t.Errorf("%s to %s: socket %q, %v", c.LocalAddr(), l.Addr(), inode, err)
		}
		seen[inode] = true
	}
}
