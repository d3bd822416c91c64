package viewmodel

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Shelf is the view Providers: all that can be asked, how each answered a test,
// and which one is selected. It belongs to one goroutine.
type Shelf struct {
	view     View
	own      []string // the user's own upstreams, also those not in use
	kind     ShelfKind
	selected string
	trial    Trial
}

// NewShelf returns a shelf with the user's own upstreams of before.
func NewShelf(own []string) *Shelf { return &Shelf{own: slices.Clone(own)} }

// ShelfKind is a filter of providers.
type ShelfKind int

// The kinds, in the order of their chips.
const (
	AnyProvider ShelfKind = iota
	Unfiltered
	AgainstMalware
	AgainstAds
	ForFamilies
	OwnProvider
)

// ShelfKinds are all kinds.
func ShelfKinds() []ShelfKind {
	return []ShelfKind{AnyProvider, Unfiltered, AgainstMalware, AgainstAds, ForFamilies, OwnProvider}
}

// Label is that of the kind's chip.
func (k ShelfKind) Label() string {
	return [...]string{words.T("All"), words.T("No filter"), words.T("Malware"), words.T("Ads"), words.T("Family"), words.T("Custom")}[k]
}

// keeps tells whether a provider is of the kind; p is nil for one's own.
func (k ShelfKind) keeps(p *control.Provider) bool {
	if k == AnyProvider || p == nil {
		return k == AnyProvider || k == OwnProvider
	}
	filters := strings.Split(p.Filter, ", ")
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(filters, w) })
	}
	switch k {
	case Unfiltered:
		return has("none")
	case AgainstMalware:
		return has("malware")
	case AgainstAds:
		return has("ads")
	case ForFamilies:
		return has("family", "adult")
	}
	return false
}

// See takes what is known of the engine. An upstream of the user's own that it
// names is kept when another one takes its place.
func (s *Shelf) See(v View) {
	s.view = v
	if v.Link != Connected {
		s.trial = Trial{}
		return
	}
	if !v.HasSettings || v.Status.Demo {
		return
	}
	for _, u := range append(slices.Clone(v.Settings.Upstreams), v.Status.Provider) {
		if u != "" && !s.known(u) && !slices.Contains(s.own, u) {
			s.own = append(s.own, u)
		}
	}
}

// known tells whether an upstream is the id of a known provider.
func (s *Shelf) known(upstream string) bool { return s.provider(upstream) != nil }

func (s *Shelf) provider(upstream string) *control.Provider {
	for i := range s.view.Providers {
		if s.view.Providers[i].ID == upstream {
			return &s.view.Providers[i]
		}
	}
	return nil
}

// Own are the user's own upstreams, to be kept for the next start.
func (s *Shelf) Own() []string { return s.own }

// Kind is the filter in use.
func (s *Shelf) Kind() ShelfKind { return s.kind }

// SetKind filters.
func (s *Shelf) SetKind(k ShelfKind) { s.kind = k }

// upstreams are all that the list can show.
func (s *Shelf) upstreams() []string {
	if s.view.Status.Demo {
		return []string{s.view.Status.Provider}
	}
	var list []string
	for _, p := range s.view.Providers {
		list = append(list, p.ID)
	}
	return append(list, s.own...)
}

// Tested are the upstreams that a test of all is about: those of the list, none
// for all that the engine knows where it is the engine's to choose.
func (s *Shelf) Tested() []string {
	list := s.upstreams()
	if s.view.Status.Demo || len(list) > control.MaxTested {
		return nil
	}
	return list
}

// ShelfRow is a line of the list.
type ShelfRow struct {
	Upstream, Name, Caption string
	// InUse marks the one that is asked.
	InUse, Selected bool
	// Bar is the share of the track that is filled, 0 for none; Value stands
	// beside it in Tone.
	Bar   float64
	Value string
	Tone  Tone
}

// Rows are those of the kind, known ones first.
func (s *Shelf) Rows() (rows []ShelfRow) {
	slowest := s.trial.slowest()
	for _, u := range s.upstreams() {
		if !s.kind.keeps(s.provider(u)) {
			continue
		}
		r := ShelfRow{Upstream: u, Name: s.name(u), Caption: s.caption(u), InUse: s.inUse(u), Selected: u == s.selected}
		r.Bar, r.Value, r.Tone = s.trial.cell(u, slowest)
		rows = append(rows, r)
	}
	return rows
}

func (s *Shelf) name(upstream string) string {
	if upstream == s.view.Status.Provider && s.view.Status.Demo {
		return s.view.Status.ProviderName
	}
	label := labelOf(upstream, s.view.Providers)
	short := ownName(label)
	if s.known(upstream) || slices.ContainsFunc(s.own, func(u string) bool {
		return u != upstream && ownName(labelOf(u, s.view.Providers)) == short
	}) {
		return label
	}
	return short
}

// ownName is what of an own upstream's label people know it by: the name on its
// certificate.
func ownName(label string) string {
	if _, name, ok := strings.Cut(label, "#"); ok && name != "" {
		return name
	}
	return strings.TrimPrefix(label, "tls://")
}

func (s *Shelf) caption(upstream string) string {
	caption := words.T("Custom")
	switch p := s.provider(upstream); {
	case p != nil:
		caption = FilterWord(p.Filter)
	case s.view.Status.Demo:
		caption = words.T("A server inside this program")
	}
	if at := s.backup(upstream); at > 0 {
		caption = words.T("{{.What}}, backup {{.Place}}", "What", caption, "Place", at)
	}
	return caption
}

// kept are the words for what providers keep away.
var kept = []string{words.Mark("malware"), words.Mark("ads"), words.Mark("social"), words.Mark("family"), words.Mark("adult")}

// filters are what a provider keeps away: “malware, ads”.
func filters(filter string) string {
	var list []string
	for _, f := range strings.Split(filter, ", ") {
		if slices.Contains(kept, f) {
			f = words.T(f)
		}
		list = append(list, f)
	}
	return words.List(list)
}

// FilterWord is what a provider says that it filters: “Malware, ads”.
func FilterWord(filter string) string {
	switch filter {
	case "none":
		return words.T("No filter")
	case "profile":
		return words.T("Your profile")
	case "":
		return words.T("Not said")
	}
	return words.Capital(filters(filter))
}

func (s *Shelf) inUse(upstream string) bool { return upstream == s.view.Status.Provider }

// backup is the place of an upstream among the backups, from 1 on; 0 for none.
func (s *Shelf) backup(upstream string) int {
	return max(0, slices.Index(s.view.Settings.Upstreams, upstream))
}

// Select chooses an upstream, empty for none.
func (s *Shelf) Select(upstream string) { s.selected = upstream }

// Selected is the row that is selected, whether the filter shows it or not; the
// one in use while none is.
func (s *Shelf) Selected() string {
	if slices.Contains(s.upstreams(), s.selected) {
		return s.selected
	}
	if slices.Contains(s.upstreams(), s.view.Status.Provider) {
		return s.view.Status.Provider
	}
	return ""
}

// Trial is the test of the providers.
func (s *Shelf) Trial() *Trial { return &s.trial }

// Empty is what stands in the place of the list, empty where there is one.
func (s *Shelf) Empty() Empty {
	switch v := s.view; {
	case v.Link == Refused && v.Problem != nil:
		return Empty{Title: words.T("No providers"), Sentence: Told(v.Problem)}
	case v.Link == Looking, v.Link == Launching, v.Link == Connected && !v.HasSettings:
		return Empty{Title: words.T("Providers are being read…"), Sentence: words.T("This takes about a second.")}
	case v.Link != Connected:
		return Empty{Title: words.T("No providers"), Sentence: words.T("Providers are shown as soon as the engine runs.")}
	case len(s.Rows()) > 0:
		return Empty{}
	case s.kind == OwnProvider:
		return Empty{Title: words.T("None of your own"), Sentence: words.T("Add… takes a server by its address and the name on its certificate, or an sdns:// stamp.")}
	}
	return Empty{Title: words.T("No match"), Sentence: words.T("No provider says that it is of this kind."), ClearFilter: true}
}
