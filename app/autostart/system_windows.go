package autostart

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

func forThisSystem() Entry { return runKey{thisEnvironment(), userRegistry{}} }

const (
	runPath      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedPath = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
	valueName    = "DoT Proxy"
)

// userRegistry is the registry of this user, HKEY_CURRENT_USER.
type userRegistry struct{}

func (userRegistry) command() (text string, err error) {
	err = withKey(runPath, registry.QUERY_VALUE, func(k registry.Key) error {
		text, _, err = k.GetStringValue(valueName)
		return err
	})
	return text, err
}

func (userRegistry) approval() (value []byte, err error) {
	err = withKey(approvedPath, registry.QUERY_VALUE, func(k registry.Key) error {
		value, _, err = k.GetBinaryValue(valueName)
		return err
	})
	return value, err
}

func (userRegistry) setCommand(command string) error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runPath, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	return k.SetStringValue(valueName, command)
}

func (userRegistry) removeCommand() error  { return removeValue(runPath) }
func (userRegistry) removeApproval() error { return removeValue(approvedPath) }

func removeValue(path string) error {
	return withKey(path, registry.SET_VALUE, func(k registry.Key) error { return k.DeleteValue(valueName) })
}

// withKey opens a key for do. Neither a missing key nor a missing value is an
// error.
func withKey(path string, access uint32, do func(registry.Key) error) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, path, access)
	if err == nil {
		defer k.Close()
		err = do(k)
	}
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	return err
}
