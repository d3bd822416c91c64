//go:build !darwin && !windows

package guard

import "os"

var thisElevation = pkexec

// privileged tells whether this process has the superuser's rights.
func privileged() bool { return os.Geteuid() == 0 }
