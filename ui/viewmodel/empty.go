package viewmodel

import (
	"strconv"

	"dotproxy/app/control"
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
		return Empty{Title: "No match", Sentence: "No query matches " + control.Quote(f.Search) + ". Clear the search or the filter.", ClearFilter: true}
	case snap.Kept > 0:
		return Empty{Title: "No match", Sentence: "No query is " + kindWords[f.Kind] + ". Clear the search or the filter.", ClearFilter: true}
	case v.Link != Connected:
		return Empty{Title: "No queries", Sentence: "Queries are shown as soon as the engine runs."}
	case v.HasSettings && v.Settings.LogPrivacy == control.LogOff:
		return Empty{Title: "The query log is off", Sentence: "Turn it on in Settings.", OpenSettings: true}
	case v.Status.State == control.Stopped:
		return Empty{Title: "No queries", Sentence: "DoT Proxy is stopped: nothing can ask it."}
	case !snap.Cleared.IsZero():
		return Empty{Title: "No queries", Sentence: "Nothing has asked DoT Proxy since the list was cleared at " + Minute(snap.Cleared) + ".", Command: tryCommand(v.Status)}
	}
	return Empty{Title: "No queries yet", Sentence: "Nothing has asked DoT Proxy since it started at " + Minute(v.Status.Since) + ".", Command: tryCommand(v.Status)}
}

var kindWords = map[Kind]string{
	Failed: "a failure", Slow: "slow", Cached: "from the cache", Stale: "answered from an old copy", Own: "answered by your own names",
	Routed: "answered by a domain’s own server", Blocked: "blocked", Clear: "not encrypted",
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
		return Plural(int(min(snap.Dropped, 1<<31)), "query", "queries") + " came too fast to be shown"
	}
	if !v.HasSettings {
		return ""
	}
	return map[control.LogPrivacy]string{
		control.LogFull:      "Kept in memory only",
		control.LogHideNames: "Names are hidden",
		control.LogOff:       "The query log is off",
	}[v.Settings.LogPrivacy]
}
