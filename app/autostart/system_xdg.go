//go:build !darwin && !windows

package autostart

func forThisSystem() Entry { return xdg{thisEnvironment()} }
