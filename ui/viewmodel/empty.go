package viewmodel

import (
	"strconv"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// Empty is what stands in the place of an empty log.
type Empty struct {
	Title, Sentence string
	// Command is one to try in a terminal, or empty. What it does is offered as a
	// button as well.
	Command string
	// OpenSettings offers the settings.
	OpenSettings bool
	// ClearFilter offers to show all rows.
	ClearFilter bool
}

// EmptyOf explains why no row is shown.
func EmptyOf(v View, snap Snapshot, f Filter) Empty {
	switch {
	case snap.Kept > 0 && f.Search != "":
		return Empty{Title: words.T("No match"), Sentence: words.T("No query matches {{.Search}}. Clear the search or the filter.", "Search", control.Quote(f.Search)), ClearFilter: true}
	case snap.Kept > 0:
		return Empty{Title: words.T("No match"), Sentence: words.T("No query is {{.Kind}}. Clear the search or the filter.", "Kind", words.T(kindWords[f.Kind])), ClearFilter: true}
	case v.Link != Connected:
		return Empty{Title: words.T("No queries"), Sentence: words.T("Queries are shown as soon as the engine runs.")}
	case v.HasSettings && v.Settings.LogPrivacy == control.LogOff:
		return Empty{Title: words.T("The query log is off"), Sentence: words.T("Turn it on in Settings."), OpenSettings: true}
	case v.Status.State == control.Stopped:
		return Empty{Title: words.T("No queries"), Sentence: words.T("DoT Proxy is stopped: nothing can ask it.")}
	case !snap.Cleared.IsZero():
		return Empty{Title: words.T("No queries"), Sentence: words.T("Nothing has asked DoT Proxy since the list was cleared at {{.Time}}.", "Time", Minute(snap.Cleared)), Command: tryCommand(v.Status)}
	}
	return Empty{Title: words.T("No queries yet"), Sentence: words.T("Nothing has asked DoT Proxy since it started at {{.Time}}.", "Time", Minute(v.Status.Since)), Command: tryCommand(v.Status)}
}

var kindWords = map[Kind]string{
	Failed: words.Mark("a failure"), Slow: words.Mark("slow"), Cached: words.Mark("from the cache"), Stale: words.Mark("answered from an old copy"), Own: words.Mark("answered by your own names"),
	Routed: words.Mark("answered by a domain’s own server"), Blocked: words.Mark("blocked"), Clear: words.Mark("not encrypted"),
}

// tryCommand asks the first address for example.com.
func tryCommand(s control.Status) string {
	at, ok := AskAddress(s)
	if !ok {
		return ""
	}
	command := "dig @" + at.Addr().String()
	if at.Port() != 53 {
		command += " -p " + strconv.Itoa(int(at.Port()))
	}
	return command + " example.com"
}

// LogNote is the line beside the chips: what the log keeps and what it missed.
func LogNote(v View, snap Snapshot) string {
	if snap.Dropped > 0 {
		return words.N("{{.N}} queries came too fast to be shown", int(min(snap.Dropped, 1<<31)))
	}
	if !v.HasSettings {
		return ""
	}
	return map[control.LogPrivacy]string{
		control.LogFull:      words.T("Kept in memory only"),
		control.LogHideNames: words.T("Names are hidden"),
		control.LogOff:       words.T("The query log is off"),
	}[v.Settings.LogPrivacy]
}
