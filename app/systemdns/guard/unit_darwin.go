package guard

import "path/filepath"

// install has launchd(8) put this computer's DNS back when it starts.
func (u bootUnit) install() error {
	if u.root == "" {
		return nil
	}
	return writeOnce(filepath.Join(u.root, launchDaemon), launchDaemonText(u.program))
}

// remove takes that away.
func (u bootUnit) remove() error {
	if u.root == "" {
		return nil
	}
	return removeOurs(filepath.Join(u.root, launchDaemon), launchDaemonMark)
}
