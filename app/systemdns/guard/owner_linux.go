package guard

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// bootID is another one after each start of the computer.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// startOf returns when a process began, in ticks since the computer's start,
// and empty for one that is not there or has ended.
func startOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return startIn(text)
}

// startIn reads proc_pid_stat(5). The name in brackets may hold anything.
func startIn(stat []byte) string {
	_, rest, ok := cutLast(stat, ")")
	fields := bytes.Fields(rest)
	const state, started = 0, 19 // numbers 3 and 22 there, the name is 2
	if !ok || len(fields) <= started || strings.Contains("ZX", string(fields[state])) {
		return ""
	}
	return string(fields[started])
}

func cutLast(text []byte, sep string) (before, after []byte, found bool) {
	i := bytes.LastIndex(text, []byte(sep))
	if i < 0 {
		return text, nil, false
	}
	return text[:i], text[i+len(sep):], true
}
