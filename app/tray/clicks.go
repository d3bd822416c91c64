package tray

import "dotproxy/app/control"

// click is what a click can do.
type click struct {
	start, stop func()
	pause       func(control.Pause)
	resume      func()
	signIn      func()
	useHere     func(on bool)
	use         func(upstream string)
	atLogin     func(on bool)
	window      func(args ...string)
	close, quit func()
}

// pauses are how long each entry below Pause lasts.
var pauses = map[ID]control.Pause{
	Pause5: {Seconds: 5 * 60}, Pause15: {Seconds: 15 * 60}, Pause60: {Seconds: 60 * 60}, PauseNetwork: {UntilNetworkChange: true},
}

// views are what of the window an entry opens.
var views = map[ID][]string{
	Open: nil, Fix: {"--view", "home"}, Recent: {"--view", "queries"}, Check: {"--view", "check"},
	Add: {"--view", "providers"}, More: {"--view", "providers"},
}

// do does what a click on id of the menu m means; provider is the place of a
// provider's entry, else -1.
func (c click) do(m Menu, id ID, provider int) {
	if p, ok := pauses[id]; ok {
		c.pause(p)
		return
	}
	if args, ok := views[id]; ok {
		c.window(args...)
		return
	}
	switch id {
	case Start, TryAgain:
		c.start()
	case Stop, Cancel:
		c.stop()
	case Resume:
		c.resume()
	case SignIn:
		c.signIn()
	case TurnOn:
		c.useHere(true)
	case UseHere:
		c.useHere(!m.Items[UseHere].Checked)
	case AtLogin:
		c.atLogin(!m.Items[AtLogin].Checked)
	case Providers:
		if provider >= 0 && provider < len(m.Providers) {
			c.use(m.Providers[provider].Upstream)
		}
	case Close:
		c.close()
	case Quit:
		c.quit()
	}
}
