//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// plainColumns is the width of a terminal that does not tell its own.
const plainColumns = 80

// columnsOf is the width of a terminal, 0 for anything else.
func columnsOf(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	switch {
	case err != nil:
		return 0
	case size.Col == 0:
		return plainColumns
	}
	return int(size.Col)
}

// showsColors tells whether a terminal can: all that are left.
func showsColors(*os.File) bool { return true }
