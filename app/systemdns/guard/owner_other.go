//go:build !linux

package guard

import (
	"strconv"

	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/process"
)

// bootID is another one after each start of the computer.
func bootID() string {
	seconds, err := host.BootTime()
	if err != nil {
		return ""
	}
	return strconv.FormatUint(seconds, 10)
}

// startOf returns when a process began, and empty for one that is not there.
func startOf(pid int) string {
	p, err := process.NewProcess(int32(pid)) //nolint:gosec // a process's number fits
	if err != nil {
		return ""
	}
	ms, err := p.CreateTime()
	if err != nil {
		return ""
	}
	return strconv.FormatInt(ms, 10)
}
