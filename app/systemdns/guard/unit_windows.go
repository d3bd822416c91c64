package guard

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// taskPatience is how long schtasks may take.
const taskPatience = 10 * time.Second

// install has the Task Scheduler put this computer's DNS back when it starts.
func (u bootUnit) install() error {
	if u.root == "" {
		return nil
	}
	return schtasks(createTask(u.program))
}

// remove takes that away.
func (u bootUnit) remove() error {
	if u.root == "" || schtasks([]string{"/Query", "/TN", taskName}) != nil {
		return nil
	}
	return schtasks([]string{"/Delete", "/TN", taskName, "/F"})
}

func schtasks(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), taskPatience)
	defer cancel()
	said, err := exec.CommandContext(ctx, "schtasks.exe", args...).CombinedOutput()
	if err != nil {
		return errors.Join(errors.New(strings.TrimSpace(string(said))), err)
	}
	return nil
}
