package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// ShelfItem is the details panel of one provider.
type ShelfItem struct {
	Upstream, Name string
	Tags           []string
	// Facts are label and lines; Mono ones are addresses and names.
	Facts []Fact
	// Note says whose claims the facts are, empty where there are none.
	Note string
	// InUse, Backup (its place, 0 for none), Last (of the backups) and Own tell
	// what can be done with it; nothing can be with Fixed.
	InUse, Last, Own, Fixed bool
	Backup                  int
}

// Fact is a labelled paragraph of a details panel.
type Fact struct {
	Label string
	Lines []string
	Mono  bool
	Tone  Tone
}

// Item describes the selected provider; false where none is.
func (s *Shelf) Item() (ShelfItem, bool) {
	u := s.Selected()
	if u == "" || s.view.Link != Connected {
		return ShelfItem{}, false
	}
	item := ShelfItem{Upstream: u, Name: s.name(u), InUse: s.inUse(u), Backup: s.backup(u), Fixed: s.view.Status.Demo}
	item.Last = item.Backup > 0 && item.Backup == len(s.view.Settings.Upstreams)-1
	if p := s.provider(u); p != nil {
		item.describe(p)
	} else {
		item.Own, item.Tags = !item.Fixed, []string{words.T("custom")}
		if item.Fixed {
			item.Tags = []string{words.T("demo")}
		}
		item.Facts = ownFacts(u)
	}
	if r, ok := s.trial.Result(u); ok {
		f := Fact{Label: words.T("Last test"), Lines: TestLines(r)}
		if r.Error != "" {
			f.Tone = Bad
		}
		item.Facts = append(item.Facts, f)
	} else {
		item.Facts = append(item.Facts, Fact{Label: words.T("Last test"), Lines: []string{words.T("Not tested yet")}})
	}
	return item, true
}

// ownFacts part the text of an upstream of the user's own.
func ownFacts(upstream string) []Fact {
	server, options, _ := strings.Cut(upstream, "?")
	facts := []Fact{{Label: words.T("Address"), Lines: []string{server}, Mono: true}}
	if where, name, ok := strings.Cut(server, "#"); ok {
		facts[0].Lines[0] = where
		facts = append(facts, Fact{Label: words.T("Name on its certificate"), Lines: []string{name}, Mono: true})
	}
	if options != "" {
		facts = append(facts, Fact{Label: words.T("Options"), Lines: strings.Split(options, "&"), Mono: true})
	}
	return facts
}

func (i *ShelfItem) describe(p *control.Provider) {
	filter := words.T("no filter")
	switch p.Filter {
	case "none":
	case "profile":
		filter = words.T("your profile")
	default:
		filter = words.T("{{.Filters}} filter", "Filters", filters(p.Filter))
	}
	i.Tags = []string{filter}
	if p.DNSSEC {
		i.Tags = append(i.Tags, "DNSSEC")
	}
	i.Facts = []Fact{
		{Label: words.T("Addresses"), Lines: p.Addresses, Mono: true},
		{Label: words.T("Name on its certificate"), Lines: []string{p.TLSName}, Mono: true},
		{Label: words.T("Says about logs"), Lines: []string{words.Said(p.LogPolicy)}},
	}
	i.Note = words.T("Filter and log policy as declared by {{.Operator}}.", "Operator", p.Operator)
}

// WithBackup is the settings with an upstream as the last backup.
func (s *Shelf) WithBackup(upstream string) control.Settings {
	n := s.view.Settings.Clone()
	if !slices.Contains(n.Upstreams, upstream) {
		n.Upstreams = append(n.Upstreams, upstream)
	}
	return n
}

// WithoutBackup is the settings without that backup. The first, which is asked,
// stays.
func (s *Shelf) WithoutBackup(upstream string) control.Settings {
	n := s.view.Settings.Clone()
	if at := s.backup(upstream); at > 0 {
		n.Upstreams = slices.Delete(n.Upstreams, at, at+1)
	}
	return n
}

// Moved is the settings with a backup one place up (by -1) or down (by 1) among
// the backups.
func (s *Shelf) Moved(upstream string, by int) control.Settings {
	n := s.view.Settings.Clone()
	from := s.backup(upstream)
	if to := from + by; from > 0 && to > 0 && to < len(n.Upstreams) {
		n.Upstreams[from], n.Upstreams[to] = n.Upstreams[to], n.Upstreams[from]
	}
	return n
}

// Replaced is the settings with upstream in the place of was; false where was
// is not among them, so that nothing is to be changed.
func (s *Shelf) Replaced(was, upstream string) (control.Settings, bool) {
	n := s.view.Settings.Clone()
	at := slices.Index(n.Upstreams, was)
	if at < 0 {
		return n, false
	}
	n.Upstreams[at] = upstream
	return n, true
}

// Add puts an upstream of the user's own on the shelf in the place of was, empty
// for a new one, and selects it.
func (s *Shelf) Add(upstream, was string) {
	upstream = strings.TrimSpace(upstream)
	s.selected = upstream
	if s.known(upstream) || slices.Contains(s.own, upstream) && upstream != was {
		s.Forget(was)
		return
	}
	if at := slices.Index(s.own, was); was != "" && at >= 0 {
		s.own[at] = upstream
		return
	}
	s.own = append(s.own, upstream)
}

// Forget takes an upstream of the user's own from the shelf.
func (s *Shelf) Forget(upstream string) {
	s.own = slices.DeleteFunc(s.own, func(u string) bool { return u == upstream })
}

// RemoveQuestion asks whether one of the user's own providers shall go.
func RemoveQuestion(upstream string) string {
	return words.T("{{.Provider}} is taken from the list, and from the backups where it is one.", "Provider", control.Quote(upstream))
}
