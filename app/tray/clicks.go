package tray

// click is what a click can do.
type click struct {
	start, stop func()
	use         func(upstream string)
	window      func(args ...string)
	close, quit func()
}

// do does what a click on id of the menu m means; provider is the place of a
// provider's entry, else -1.
func (c click) do(m Menu, id ID, provider int) {
	switch id {
	case Start, TryAgain:
		c.start()
	case Stop, Cancel:
		c.stop()
	case Providers:
		if provider >= 0 && provider < len(m.Providers) {
			c.use(m.Providers[provider].Upstream)
		}
	case Open, More:
		c.window()
	case Recent:
		c.window("--view", "queries")
	case Close:
		c.close()
	case Quit:
		c.quit()
	}
}
