package guard

import "golang.org/x/sys/windows"

var thisElevation = powershell

// privileged tells whether this process has the administrator's rights.
func privileged() bool { return windows.GetCurrentProcessToken().IsElevated() }
