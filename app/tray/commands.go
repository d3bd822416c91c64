package tray

import (
	"context"
	"time"

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
// Before that the old DNS comes back, which may take a while.
func (k *Keeper) StopEngine(ctx context.Context) { k.askFor(ctx, steerPatience, k.Engine.Stop) }

// Use makes upstream the preferred one, unless it already is.
func (k *Keeper) Use(ctx context.Context, upstream string) {
	if k.View().Status.Provider == upstream {
		notify(k.changed) // the click took its tick away
		return
	}
	k.ask(ctx, func(ctx context.Context) error { return k.Engine.Use(ctx, upstream) })
}

// Pause puts this computer's old DNS back for a while.
func (k *Keeper) Pause(ctx context.Context, p control.Pause) {
	k.askFor(ctx, steerPatience, func(ctx context.Context) error { return k.Engine.Pause(ctx, p) })
}

// Resume ends a pause.
func (k *Keeper) Resume(ctx context.Context) { k.askFor(ctx, steerPatience, k.Engine.Resume) }

// UseHere points this computer's DNS to the engine, or puts the old one back.
func (k *Keeper) UseHere(ctx context.Context, on bool) {
	action := control.SystemDNSOff
	if on {
		action = control.SystemDNSOn
	}
	k.askFor(ctx, steerPatience, func(ctx context.Context) error { return k.Engine.SystemDNS(ctx, action) })
}

// SignIn begins a sign-in and returns the network's page, empty where it named
// none; begun is false where the engine refused.
func (k *Keeper) SignIn(ctx context.Context) (page string, begun bool) {
	if portal := k.View().Status.Portal; portal != nil {
		page = portal.URL
	}
	return page, k.askFor(ctx, steerPatience, k.Engine.SignIn)
}

// ask sends one request that is done at once.
func (k *Keeper) ask(ctx context.Context, request func(context.Context) error) {
	k.askFor(ctx, askPatience, request)
}

// askFor sends one request, shows why it was refused, and tells whether it was
// done.
func (k *Keeper) askFor(ctx context.Context, patience time.Duration, request func(context.Context) error) bool {
	k.set(func(v *View) { v.Notice = "" })
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := request(ctx)
	if err != nil && codeOf(err) != control.CodeNoEngine {
		k.refuse(err)
		return false
	}
	notify(k.changed) // a click on an entry with a tick turned it over
	return err == nil
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
