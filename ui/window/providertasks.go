package window

import (
	"context"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// testPatience bounds a test of all providers.
const testPatience = 5 * time.Minute

func (w *Window) buildProviders() part {
	w.providers = newProviders(viewmodel.NewShelf(w.options.Own), providerActions{
		test: w.testProviders, stop: w.stopTest, use: w.useProvider, change: w.changeProvider,
	})
	p := newPart(w.providers.root, w.providers.show)
	p.again, p.key = w.testProviders, w.providers.key
	p.opened = w.providers.list.reveal
	return p
}

// Own are the user's own providers, to be kept for the next start.
func (w *Window) Own() []string { return w.providers.shelf.Own() }

// testProviders tests all, and shows each result as it comes.
func (w *Window) testProviders() {
	t := w.providers.shelf.Trial()
	if w.view.Link != viewmodel.Connected || !t.Begin() {
		return
	}
	w.providers.say(nil)
	halt, stop := context.WithCancel(context.Background())
	w.stopTesting = stop
	upstreams := w.providers.shelf.Tested()
	w.providers.render()
	w.within(testPatience, func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(halt, cancel)()
		for e, err := range w.options.Engine.TestProviders(ctx, upstreams) {
			if err != nil || ctx.Err() != nil {
				return err
			}
			w.meanwhile(func() {
				if halt.Err() == nil {
					t.Take(e)
					w.providers.render()
				}
			})
		}
		return nil
	}, func(err error) {
		if halt.Err() != nil {
			return // what was stopped has ended there
		}
		stop()
		t.Done(err)
		w.providers.say(err)
		w.providers.render()
	})
}

// stopTest ends a test of all; what was found stays.
func (w *Window) stopTest() {
	if t := w.providers.shelf.Trial(); t.Running() && w.stopTesting != nil {
		w.stopTesting()
		t.Done(nil)
		w.providers.render()
	}
}

// useProvider asks a provider from now on. On failure the old one stays.
func (w *Window) useProvider(upstream string) {
	w.steerProviders(func(ctx context.Context) error { return w.options.Engine.Use(ctx, upstream) }, func() {})
}

// steerProviders does something with the engine, one at a time.
func (w *Window) steerProviders(do func(context.Context) error, done func()) {
	p := w.providers
	p.busy = true
	p.say(nil)
	p.render()
	w.background(do, func(err error) {
		p.busy = false
		if err == nil {
			done()
		}
		p.say(err)
		p.render()
	})
}

// changeProvider does what a button says.
func (w *Window) changeProvider(what change, upstream string) {
	shelf := w.providers.shelf
	switch what {
	case addOne:
		w.editProvider("")
	case editOne:
		w.editProvider(upstream)
	case removeOne:
		question := viewmodel.RemoveQuestion(upstream)
		w.confirm(words.T("Remove this provider?"), question, words.T("Remove"), func() { w.removeProvider(upstream) })
	case backOn:
		w.applyProviders(shelf.WithBackup(upstream), func() {})
	case backOff:
		w.applyProviders(shelf.WithoutBackup(upstream), func() {})
	case backUp:
		w.applyProviders(shelf.Moved(upstream, -1), func() {})
	case backDown:
		w.applyProviders(shelf.Moved(upstream, 1), func() {})
	}
}

// applyProviders has the engine take settings with other providers.
func (w *Window) applyProviders(s control.Settings, done func()) {
	w.steerProviders(func(ctx context.Context) error { return w.options.Engine.Apply(ctx, s) }, func() {
		w.tookProviders(s)
		done()
	})
}

// tookProviders shows settings before the event that says so.
func (w *Window) tookProviders(s control.Settings) {
	w.session.Saved(s)
	w.view.Settings = s.Clone()
	w.providers.view = w.view
	w.providers.shelf.See(w.view)
}

func (w *Window) removeProvider(upstream string) {
	shelf := w.providers.shelf
	forget := func() { shelf.Forget(upstream) }
	if s := shelf.WithoutBackup(upstream); !s.Equal(w.view.Settings) {
		w.applyProviders(s, forget)
		return
	}
	forget()
	w.providers.render()
}

// addProvider puts one on the shelf, in the place of was where there is such.
func (w *Window) addProvider(upstream, was string, then func(error)) {
	shelf := w.providers.shelf
	added := func() {
		shelf.Add(upstream, was)
		w.providers.filter(0)
		w.providers.list.reveal()
	}
	s, set := shelf.Replaced(was, upstream)
	if !set {
		added()
		then(nil)
		return
	}
	w.background(func(ctx context.Context) error { return w.options.Engine.Apply(ctx, s) }, func(err error) {
		if err == nil {
			added()
			w.tookProviders(s)
			w.providers.render()
		}
		then(err)
	})
}
