// Package assets holds the pictures of the programs. The sources are the SVG
// files in svg; make.sh makes the others from them.
package assets

import (
	"embed"
	"path"
	"strings"
)

// Tray icons by the engine's state ("protected", "degraded", "paused", "portal",
// "failed", "stopped", "starting"). They stay in memory for as long as the program runs,
// because GTK reads them some time after it was given them; nobody may change
// them.
var (
	// TrayPNG is for Linux: 48 pixels, which a panel makes as small as it needs
	// and which stays sharp in a high one.
	TrayPNG = byState("tray/*-48.png", "-48.png")
	// TrayTemplate is for macOS: black on nothing, coloured by the system.
	TrayTemplate = byState("tray/*-template.png", "-template.png")
	// TrayICO is for Windows, with five sizes from 16 to 48 pixels.
	TrayICO = byState("tray/*.ico", ".ico")
	// ShieldSVG is the coloured shield for the window.
	ShieldSVG = byState("svg/tray-*.svg", ".svg")
)

// The application's icon.
var (
	//go:embed svg/app-icon.svg
	AppSVG []byte
	// AppPNG has 256 pixels and, unlike the SVG under Fyne, its gradient.
	//go:embed app/app-256.png
	AppPNG []byte
)

//go:embed tray/*-48.png tray/*-template.png tray/*.ico
//go:embed svg/tray-protected.svg svg/tray-degraded.svg svg/tray-paused.svg svg/tray-portal.svg
//go:embed svg/tray-failed.svg svg/tray-stopped.svg svg/tray-starting.svg
var files embed.FS

// states are those that an engine can be in.
var states = map[string]bool{
	"protected": true, "degraded": true, "paused": true, "portal": true, "failed": true, "stopped": true, "starting": true,
}

// byState reads the files that match pattern; what is between "tray-" and
// ending is the state.
func byState(pattern, ending string) map[string][]byte {
	dir, _ := path.Split(pattern)
	entries, err := files.ReadDir(path.Clean(dir))
	if err != nil {
		panic(err) // the folder is part of the program
	}
	icons := make(map[string][]byte, len(states))
	for _, e := range entries {
		state := strings.TrimPrefix(strings.TrimSuffix(e.Name(), ending), "tray-")
		if !strings.HasSuffix(e.Name(), ending) || !states[state] {
			continue
		}
		if icons[state], err = files.ReadFile(dir + e.Name()); err != nil {
			panic(err)
		}
	}
	return icons
}
