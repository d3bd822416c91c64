package tray

import (
	"slices"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

func providersTitle(v View) string {
	if v.Status.ProviderName == "" {
		return words.T("Provider")
	}
	return words.T("Provider: {{.Provider}}", "Provider", shorten(v.Status.ProviderName))
}

// providerItems offers the current provider, those of the settings, the custom
// ones used last and, as far as there is room, the others that the engine
// knows. Known ones stand in the engine's order, custom ones below them, so that
// the list does not jump when another is chosen.
func providerItems(v View) []ProviderItem {
	if v.Status.Demo { // it asks only its own server
		return []ProviderItem{providerItem(customTitle(v.Status.ProviderName, v.Status.Provider), v.Status.Provider, true)}
	}
	chosen := chosenProviders(v)
	var items []ProviderItem
	for _, p := range v.Providers {
		if slices.Contains(chosen, p.ID) {
			items = append(items, providerItem(p.Name, p.ID, p.ID == v.Status.Provider))
		}
	}
	for _, upstream := range chosen {
		if !isKnown(v, upstream) {
			items = append(items, providerItem(customTitle(customName(v, upstream), upstream), upstream, upstream == v.Status.Provider))
		}
	}
	return items
}

// chosenProviders are what there is room for, the most wanted first.
func chosenProviders(v View) []string {
	var wanted []string
	if v.Status.Provider != "" {
		wanted = append(wanted, v.Status.Provider)
	}
	if v.Settings != nil {
		wanted = append(wanted, v.Settings.Upstreams...)
	}
	for _, c := range v.Custom {
		wanted = append(wanted, c.Upstream)
	}
	for _, p := range v.Providers {
		wanted = append(wanted, p.ID)
	}
	var chosen []string
	for _, upstream := range wanted {
		if !slices.Contains(chosen, upstream) && len(chosen) < MaxProviders {
			chosen = append(chosen, upstream)
		}
	}
	return chosen
}

// hasMore tells whether the engine knows providers that are not among items.
func hasMore(v View, items []ProviderItem) bool {
	return slices.ContainsFunc(v.Providers, func(p control.Provider) bool {
		return !slices.ContainsFunc(items, func(i ProviderItem) bool { return i.Upstream == p.ID })
	})
}

func isKnown(v View, upstream string) bool {
	return slices.ContainsFunc(v.Providers, func(p control.Provider) bool { return p.ID == upstream })
}

// customName is the name under which an upstream is known: from the status where
// it is the current one, else from when it was, else that of the provider whose
// id begins its text.
func customName(v View, upstream string) string {
	if upstream == v.Status.Provider {
		return v.Status.ProviderName
	}
	for _, c := range v.Custom {
		if c.Upstream == upstream {
			return c.Name
		}
	}
	server, _, _ := strings.Cut(upstream, "?")
	for _, p := range v.Providers {
		if p.ID == server {
			return p.Name
		}
	}
	return server
}

// customTitle is a provider's name, and in short what the options behind the ?
// of its text demand, to tell it from the one without them.
func customTitle(name, upstream string) string {
	_, options, found := strings.Cut(upstream, "?")
	switch {
	case !found:
		return name
	case strings.HasPrefix(options, "pin-sha256=") || strings.Contains(options, "&pin-sha256="):
		return words.T("{{.Name}}, certificate pinned", "Name", name)
	}
	return words.T("{{.Name}}, with options", "Name", name)
}

func providerItem(title, upstream string, current bool) ProviderItem {
	return ProviderItem{Item: Item{Title: shorten(title), Enabled: true, Checked: current, Visible: true}, Upstream: upstream}
}
