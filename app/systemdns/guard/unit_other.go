//go:build !linux && !darwin && !windows

package guard

// bootUnit is of no use here: nothing of systemd's runs this system.
type bootUnit struct{ root, program string }

func (bootUnit) install() error { return nil }

func (bootUnit) remove() error { return nil }
