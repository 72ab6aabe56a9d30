//go:build unix && !linux

package lambdahost

import "syscall"

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func parsePeak([]byte) int64 { return 0 }
