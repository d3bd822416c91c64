package autostart

import "strings"

// runKey is the way of Windows: a value below the user's key Run. The Task
// Manager switches it off with a value of its own below StartupApproved.
type runKey struct {
	env   environment
	store registryStore
}

// registryStore is the part of the registry that belongs to this user.
type registryStore interface {
	// command is the value below Run, empty for none.
	command() (string, error)
	// approval is the value below StartupApproved, empty for none.
	approval() ([]byte, error)
	setCommand(string) error
	// removeCommand and removeApproval succeed where there is nothing.
	removeCommand() error
	removeApproval() error
}

// Enabled implements Entry.
func (r runKey) Enabled() (bool, error) {
	command, err := r.store.command()
	if err != nil {
		return false, cannotRead(err)
	}
	approval, err := r.store.approval()
	if err != nil {
		return false, cannotRead(err)
	}
	// The lowest bit of the first byte is set where the user switched it off.
	off := len(approval) > 0 && approval[0]&1 == 1
	program := commandProgram(command)
	return !off && program != "" && r.env.runnable(program), nil
}

// On implements Entry.
func (r runKey) On(program string) error {
	if err := checkProgram(program); err != nil {
		return err
	}
	err := r.store.setCommand(`"` + program + `"`) // a path on Windows has no quotes
	if err == nil {
		err = r.store.removeApproval()
	}
	if err != nil {
		return cannotChange(err)
	}
	return nil
}

// Off implements Entry.
func (r runKey) Off() error {
	if err := r.store.removeCommand(); err != nil {
		return cannotChange(err)
	}
	return nil
}

// commandProgram is the program that a command line starts.
func commandProgram(command string) string {
	command = strings.TrimSpace(command)
	if quoted, found := strings.CutPrefix(command, `"`); found {
		program, _, _ := strings.Cut(quoted, `"`)
		return program
	}
	program, _, _ := strings.Cut(command, " ")
	return program
}
