package crash

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// processAt finds the process at the other end of a loopback connection, from its own address to ours: the kernel's table of sockets names the
// inode, the process's open files name it again. The kernel shows both piece by piece while they change, so one look may miss what is there,
// and on a busy machine ten may.
func processAt(from, to string) (pid int, err error) {
	end := time.Now().Add(10 * time.Second)
	for try := 0; try == 0 || time.Now().Before(end); try++ {
		time.Sleep(time.Duration(try) * time.Millisecond)
		var inode string
		if inode, err = socketOf(from, to); err != nil {
			continue
		}
		want := "socket:[" + inode + "]"
		if pid, err = holder(func(target string) bool { return target == want }); err == nil {
			return pid, nil
		}
	}
	return 0, err
}

// holder is the process with an open file whose link holds says so.
func holder(holds func(target string) bool) (int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		target, err := os.Readlink(f)
		if err != nil || !holds(target) {
			continue // gone meanwhile, or somebody else's
		}
		return strconv.Atoi(strings.Split(f, "/")[2])
	}
	return 0, os.ErrNotExist
}

// inUse tells whether any process has the file open.
func inUse(file string) bool {
	_, err := holder(func(target string) bool { return strings.HasPrefix(target, file) })
	return err == nil
}

// socketOf finds the inode of the socket between two addresses, as the first one sees it. One end alone does not tell: the kernel gives the
// same port to connections with different others.
func socketOf(from, to string) (string, error) {
	local, err := netip.ParseAddrPort(from)
	if err != nil {
		return "", err
	}
	remote, err := netip.ParseAddrPort(to)
	if err != nil {
		return "", err
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return "", err
	}
	near, far := kernelForm(local), kernelForm(remote)
	for line := range bytes.Lines(table) {
		f := strings.Fields(string(line))
		if len(f) > 9 && f[1] == near && f[2] == far && f[9] != "0" {
			return f[9], nil
		}
	}
	return "", fmt.Errorf("no socket from %s to %s", from, to)
}

// kernelForm is an IPv4 address as /proc/net/tcp writes it: the bytes in the machine's (little-endian) order.
func kernelForm(a netip.AddrPort) string {
	ip := net.IP(a.Addr().AsSlice()).To4()
	reversed := []byte{ip[3], ip[2], ip[1], ip[0]}
	return strings.ToUpper(hex.EncodeToString(reversed)) + fmt.Sprintf(":%04X", a.Port())
}

// functionOf is the Lambda function that a process runs, "" for any other process.
func functionOf(pid int) string {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return ""
	}
	for v := range strings.SplitSeq(string(env), "\x00") {
		if name, ok := strings.CutPrefix(v, "AWS_LAMBDA_FUNCTION_NAME="); ok {
			return strings.TrimPrefix(name, "lumo-")
		}
	}
	return ""
}

// kill9 kills a process and waits until it runs no more.
func kill9(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return nil
		}
		if i := bytes.LastIndexByte(stat, ')'); i > 0 && len(stat) > i+2 && (stat[i+2] == 'Z' || stat[i+2] == 'X') {
			return nil
		}
	}
	return fmt.Errorf("process %d survived kill -9", pid)
}
