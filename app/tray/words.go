package tray

import (
	"fmt"
	"regexp"
	"time"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// lines are the first two of the menu.
func lines(v View) (first, second string) {
	switch v.Link {
	case Launching:
		return words.T("Starting…"), words.T("Starting the engine")
	case Gone:
		return words.T("Not protected"), shorten(words.T("The engine has stopped."))
	case Forbidden:
		return words.T("Held by the system’s engine"), words.T("This user may not steer it")
	}
	s := v.Status
	switch s.Variant {
	case control.VariantNotInUse:
		return words.T("Running, not in use"), words.T("DNS is not encrypted")
	case control.VariantFromMemory:
		return words.T("Known names only"), degradedLine(s)
	}
	switch s.State {
	case control.Protected:
		if s.Leaks() {
			return words.T("Leak found"), problemLine(s)
		}
		return shorten(words.T("Protected by {{.Provider}}", "Provider", s.ProviderName)), figures(s.Counters)
	case control.Degraded:
		return backupLine(v), degradedLine(s)
	case control.Stopped:
		return words.T("Stopped"), words.T("DNS is not encrypted")
	case control.Starting:
		return words.T("Starting…"), shorten(words.T("Connecting to {{.Provider}}", "Provider", s.ProviderName))
	case control.Paused:
		return pausedLines(s, v.Now)
	case control.SignIn:
		return signInLines(s)
	case control.Failed:
		return words.T("Not protected"), problemLine(s)
	}
	return shorten(words.Said(s.Sentence)), "" // a newer engine's state
}

// pausedLines count the pause down.
func pausedLines(s control.Status, now time.Time) (first, second string) {
	second = words.T("DNS is not encrypted")
	switch {
	case s.PauseEndsWithNetwork:
		return words.T("Paused until the network changes"), second
	case s.PausedUntil == nil:
		return words.T("Paused"), second
	}
	if left := timeLeft(s.PausedUntil.Sub(now)); left != "" {
		second = words.List([]string{second, left})
	}
	return words.T("Paused until {{.Time}}", "Time", s.PausedUntil.Local().Format("15:04")), second
}

// timeLeft says how long left is, in minutes begun; empty where it is over.
func timeLeft(left time.Duration) string {
	minutes := (left + time.Minute - 1) / time.Minute
	switch {
	case left <= 0:
		return ""
	case minutes < 2*60:
		return words.N("{{.N}} minutes left", int(minutes))
	}
	return words.N("{{.N}} hours left", int(minutes+59)/60)
}

// nextMinute is when the countdown of v says something else; due is false where
// nothing is counted down.
func nextMinute(v View) (wait time.Duration, due bool) {
	s := v.Status
	if v.Link != Connected || s.State != control.Paused || s.PausedUntil == nil || s.PauseEndsWithNetwork {
		return 0, false
	}
	left := s.PausedUntil.Sub(v.Now)
	if left <= 0 {
		return 0, false
	}
	if wait = left % time.Minute; wait == 0 {
		wait = time.Minute
	}
	return wait, true
}

// signInLines tell whether the user is at it already.
func signInLines(s control.Status) (first, second string) {
	if s.Portal != nil && s.Portal.Until != nil {
		return words.T("Sign-in needed"), words.T("DNS is not encrypted until you are through")
	}
	return words.T("Sign-in needed"), words.T("Network wants a sign-in")
}

// figures are how well the engine does: "11 ms, 71 % from cache".
func figures(c control.Counters) string {
	if c.Queries == 0 {
		return words.T("No queries yet")
	}
	cached := words.T("{{.Share}} from cache", "Share", fmt.Sprintf("%d %%", c.Cached*100/c.Queries))
	switch {
	case c.MedianMS <= 0:
		return cached
	case c.MedianMS < 1:
		return words.T("under 1 ms, {{.Cached}}", "Cached", cached)
	}
	return words.List([]string{fmt.Sprintf("%.0f ms", c.MedianMS), cached})
}

// backupLine names the provider that answers in the place of the first.
func backupLine(v View) string {
	ups := v.Status.Upstreams
	for _, u := range ups {
		if !u.Connected || u.Provider == ups[0].Provider {
			continue
		}
		for _, p := range v.Providers {
			if p.ID == u.Provider {
				return shorten(words.T("On backup: {{.Provider}}", "Provider", p.Name))
			}
		}
		return shorten(words.T("On backup: {{.Provider}}", "Provider", u.Provider))
	}
	return words.T("On backup")
}

func degradedLine(s control.Status) string {
	if s.Problem != nil {
		return problemLine(s)
	}
	return shorten(words.T("{{.Provider}} does not answer", "Provider", s.ProviderName))
}

// process is a detail that a menu has no room for.
var process = regexp.MustCompile(` \(process \d+[^()]*\)`)

func problemLine(s control.Status) string {
	text := s.Sentence
	if s.Problem != nil {
		text = s.Problem.Message
	}
	return shorten(words.Said(process.ReplaceAllString(text, "")))
}
