//go:build unix

package activation

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// firstFile is the number of the first passed file (SD_LISTEN_FDS_START).
const firstFile = 3

// mostFiles bounds what is believed to have been passed.
const mostFiles = 1024

// passed are the files that were passed to the process pid, by what its
// environment says. They are not handed on to children.
func passed(pid int, getenv func(string) string) []*os.File {
	if getenv("LISTEN_PID") != strconv.Itoa(pid) {
		return nil
	}
	count, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || count <= 0 || count > mostFiles {
		return nil
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	var files []*os.File
	for i := range count {
		name := "number " + strconv.Itoa(firstFile+i)
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		unix.CloseOnExec(firstFile + i)
		files = append(files, os.NewFile(uintptr(firstFile+i), name))
	}
	return files
}
