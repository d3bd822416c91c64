package main

import (
	"context"
	"io"
	"log"
	"os"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"dotproxy/app/autostart"
	"dotproxy/app/control"
	"dotproxy/app/settings"
	"dotproxy/ui/viewmodel"
	"dotproxy/ui/window"
)

const (
	appID = "io.github.dotproxy.DotProxy"

	prefWidth, prefHeight, prefView = "window.width", "window.height", "window.view"
	// prefWelcomed is set once Start of a first run was pressed.
	prefWelcomed = "window.welcomed"
	// prefKind is the filter of the queries.
	prefKind = "queries.filter"
	// prefOwn are the user's own providers.
	prefOwn = "providers.own"
)

// shown is the window with the toolkit's app around it.
type shown struct {
	app  fyne.App
	win  fyne.Window
	view *window.Window
	log  *heldLog
	// figures are nil where nobody asked for them.
	figures *figures
	// drawn tells whether the toolkit really opened the window.
	drawn atomic.Bool
}

// show runs the window until it is closed or ctx ends.
func show(ctx context.Context, args arguments, only *instance) (err error) {
	// The toolkit logs why there is no window, which we say ourselves.
	s := &shown{log: holdLog()}
	defer s.log.release(true)
	// It panics where a display is named but cannot be reached.
	defer func() {
		if p := recover(); p != nil {
			if s.drawn.Load() {
				panic(p)
			}
			err = errNoDisplay
			s.log.release(false)
		}
	}()
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	if err := window.UseLanguage(); err != nil {
		log.Print("The toolkit stays English: ", err)
	}
	s.build(args)
	s.hook(quit)
	only.raise(func(view string) {
		fyne.Do(func() {
			s.view.Open(view)
			s.win.RequestFocus()
		})
	})
	go func() {
		s.view.Run(ctx)
		// The app's own Quit closes windows, which panics where the toolkit has
		// seen the signal as well and was faster.
		fyne.Do(s.app.Driver().Quit)
	}()
	s.win.ShowAndRun()
	if s.figures != nil {
		s.figures.report(os.Stdout)
	}
	if !s.drawn.Load() {
		return errNoGL
	}
	return nil
}

// build makes the window, of the size and with the view it had last.
func (s *shown) build(args arguments) {
	s.app = app.NewWithID(appID)
	s.app.Settings().SetTheme(window.Theme{})
	s.app.SetIcon(window.AppIcon())
	s.win = s.app.NewWindow("DoT Proxy")
	s.win.SetPadded(false)
	s.win.SetMaster()
	kept := s.app.Preferences()
	if args.view == "" {
		args.view = kept.String(prefView)
	}
	o := window.Options{
		Engine: control.NewClient(args.control), Launch: launcher(args.control), View: args.view, Kind: viewmodel.KindNamed(kept.String(prefKind)), Own: kept.StringList(prefOwn),
		Drawn: s.drawing(), Login: login{autostart.New()}, Exchange: window.Exchange{Read: settings.Read, Write: settings.Write},
	}
	if !kept.Bool(prefWelcomed) {
		o.Welcomed = func() { kept.SetBool(prefWelcomed, true) }
	}
	s.view = window.New(s.win, o)
	s.win.Resize(fyne.NewSize(float32(kept.FloatWithFallback(prefWidth, 960)), float32(kept.FloatWithFallback(prefHeight, 640))))
}

// drawing returns what hears of each frame, nil for nobody.
func (s *shown) drawing() func(time.Duration) {
	if os.Getenv(figuresWanted) == "" {
		return nil
	}
	s.figures = &figures{}
	return s.figures.note
}

// hook listens to the toolkit: quit ends the window.
func (s *shown) hook(quit func()) {
	s.win.SetCloseIntercept(quit)
	s.app.Lifecycle().SetOnStarted(func() {
		s.drawn.Store(hasWindow(s.win))
		if s.log.release(s.drawn.Load()); !s.drawn.Load() {
			quit()
		}
	})
	s.app.Lifecycle().SetOnStopped(func() {
		// The toolkit reads preferences while it is still writing them, and logs
		// that it finds none.
		log.SetOutput(io.Discard)
		if s.drawn.Load() {
			s.remember()
		}
	})
}

// remember keeps size, view and filter for the next start.
func (s *shown) remember() {
	size := s.win.Canvas().Size()
	if size.Width < 1 || size.Height < 1 {
		return
	}
	kept := s.app.Preferences()
	kept.SetFloat(prefWidth, float64(size.Width))
	kept.SetFloat(prefHeight, float64(size.Height))
	kept.SetString(prefView, s.view.View())
	kept.SetString(prefKind, s.view.Kind().String())
	kept.SetStringList(prefOwn, s.view.Own())
}
