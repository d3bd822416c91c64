package tray

import (
	"context"
	"os/exec"
	"time"
)

// newsPatience bounds the start of the program that shows a notification.
const newsPatience = 10 * time.Second

// scriptBoard has the system's own script language show notifications. They
// cannot be replaced or taken back.
type scriptBoard struct{}

func newNewsBoard() newsBoard { return scriptBoard{} }

// showNews takes title and body as arguments, so that nothing of them is run.
const showNews = `on run argv
display notification (item 2 of argv) with title "DoT Proxy" subtitle (item 1 of argv)
end run`

// carryOut implements newsBoard.
func (scriptBoard) carryOut(ctx context.Context, o order) error {
	if o.news == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, newsPatience)
	defer cancel()
	return exec.CommandContext(ctx, "/usr/bin/osascript", "-e", showNews, o.news.Title, o.news.Body).Run()
}
