package control

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// FindProgram finds one of the programs of DoT Proxy: beside this one, else in
// PATH. The error is a *Problem.
func FindProgram(name string) (string, error) {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &Problem{Code: CodeNoEngine, Message: "The program " + name + " was not found.", Hint: "Put it beside this program, or into a folder of PATH.", cause: err}
	}
	return path, nil
}

// UserFolder is where the programs of one user keep locks and sockets: the
// folder of the control socket, and on Windows, where that is no file, one in
// the cache folder.
func UserFolder() string {
	if runtime.GOOS != "windows" {
		return filepath.Dir(UserPath())
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "dot-proxy")
}
