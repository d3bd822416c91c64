package daemon

import (
	"time"

	"dotproxy/app/control"
	"dotproxy/resolver"
	"dotproxy/resolver/provider"
)

// condition is all that the state is judged by.
type condition struct {
	// stopped: the user closed the listeners. blocked: why they, or all of the
	// engine, cannot be open, nil where they are.
	stopped bool
	blocked *control.Problem
	// notice is a problem that keeps nothing from working.
	notice    *control.Problem
	upstreams []provider.Upstream
	health    resolver.Health
	// paused is the pause that is on, nil for none.
	paused *pause
	// wanted is the sign-in that the network wants, nil for none.
	wanted *signIn
	// stale: answers were given after their time just now.
	stale bool
}

// verdict is the state with what is wrong.
type verdict struct {
	state   control.State
	problem *control.Problem
}

// judge derives the state by DESIGN.md's table.
func judge(c condition, now time.Time) verdict {
	switch {
	case c.stopped:
		return verdict{control.Stopped, c.notice}
	case c.blocked != nil:
		return verdict{control.Failed, c.blocked}
	case c.paused != nil:
		return verdict{control.Paused, c.notice}
	case c.wanted != nil && c.health.Answering < 0, c.wanted.under(now):
		return verdict{control.SignIn, c.notice}
	case !c.health.Known:
		return verdict{control.Starting, c.notice}
	}
	problem := upstreamProblem(c.upstreams, c.health)
	switch {
	case c.health.Answering == 0:
		return verdict{control.Protected, c.notice}
	case c.health.Answering > 0, c.stale:
		return verdict{control.Degraded, problem}
	}
	return verdict{control.Failed, problem}
}

// speak returns the words of a verdict.
func speak(v verdict, c condition, demo bool, since, now time.Time) words {
	label := ""
	if len(c.upstreams) > 0 {
		label = c.upstreams[0].Label
	}
	server := answering(c.health)
	switch v.state {
	case control.Stopped:
		return stoppedWords(label, demo)
	case control.Starting:
		return startingWords(label)
	case control.Paused:
		return pausedWords(*c.paused, now)
	case control.SignIn:
		return signInWords(*c.wanted, now)
	case control.Degraded:
		why, i := primaryFault(c.health), c.health.Answering
		if i < 0 {
			return memoryWords(label, why, offline(c.health))
		}
		backup := label
		if i < len(c.upstreams) {
			backup = c.upstreams[i].Label
		}
		return degradedWords(label, why, backup, over(c, server))
	case control.Protected:
		proof := ""
		if len(c.upstreams) > 0 {
			proof = proofWords(c.upstreams[0])
		}
		if demo {
			return demoWords(server.TLS, proof, since, now)
		}
		return protectedWords(label, over(c, server), proof, since, now)
	}
	return words{v.problem.Message, v.problem.Hint}
}

// over says how the provider that answers is reached.
func over(c condition, server resolver.ServerHealth) string {
	text := orTLS(server.TLS)
	if i := c.health.Answering; i >= 0 && i < len(c.upstreams) {
		text += through(c.upstreams[i], server)
	}
	return text
}

// answering is a server of the provider that answers, a connected one first.
func answering(h resolver.Health) resolver.ServerHealth {
	var found resolver.ServerHealth
	for _, s := range h.Servers {
		if s.Upstream != h.Answering || s.TLS == "" {
			continue
		}
		if s.Connected {
			return s
		}
		found = s
	}
	return found
}
