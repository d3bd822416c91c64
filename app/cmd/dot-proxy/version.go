package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version and commit are set when a release is built:
//
//	go build -ldflags "-X main.version=0.1.0 -X main.commit=0123abc"
var (
	version string
	commit  string
)

// build says which program this is.
type build struct {
	Version string `json:"version"`
	// Commit is empty where the program was not built from a repository.
	Commit   string `json:"commit"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild falls back to what the Go tool noted.
func thisBuild() build {
	b := build{Version: version, Commit: commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && b.Commit == "" {
			b.Commit = s.Value[:min(12, len(s.Value))]
		}
	}
	return b
}

func (c *command) versionCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "version", Short: "Print version, commit and Go version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return c.printVersion() },
	})
}

func (c *command) printVersion() error {
	b := thisBuild()
	if c.json {
		return c.printJSON(b)
	}
	text := "dot-proxy " + b.Version
	if b.Commit != "" {
		text += " (commit " + b.Commit + ")"
	}
	_, err := fmt.Fprintln(c.stdout, text+" "+b.Go+" "+b.Platform)
	return err
}
