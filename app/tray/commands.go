package tray

import (
	"context"

	"dotproxy/app/control"
)

// StartEngine opens the engine's listeners; where no engine answers it starts
// one without waiting any longer.
func (k *Keeper) StartEngine(ctx context.Context) {
	if k.View().Link != Connected {
		notify(k.startNow)
		return
	}
	k.ask(ctx, k.Engine.Start)
}

// StopEngine closes the engine's listeners; its process stays.
func (k *Keeper) StopEngine(ctx context.Context) { k.ask(ctx, k.Engine.Stop) }

// Use makes upstream the preferred one, unless it already is.
func (k *Keeper) Use(ctx context.Context, upstream string) {
	if k.View().Status.Provider == upstream {
		notify(k.changed) // the click took its tick away
		return
	}
	k.ask(ctx, func(ctx context.Context) error { return k.Engine.Use(ctx, upstream) })
}

// ask sends one request and shows why it was refused.
func (k *Keeper) ask(ctx context.Context, request func(context.Context) error) {
	k.set(func(v *View) { v.Notice = "" })
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	if err := request(ctx); err != nil && codeOf(err) != control.CodeNoEngine {
		k.refuse(err)
	}
}

// QuitEngine stops keeping the engine and ends it, and tells whether that was
// done; nothing is started again then. An engine that refuses is kept on.
func (k *Keeper) QuitEngine(ctx context.Context) bool {
	k.mu.Lock()
	end, again := k.end, k.again
	k.mu.Unlock()
	end()
	k.Wait()
	asking, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	err := k.Engine.Quit(asking)
	if err == nil || codeOf(err) == control.CodeNoEngine {
		return true
	}
	again()
	k.refuse(err)
	return false
}
