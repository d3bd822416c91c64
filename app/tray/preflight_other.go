//go:build !linux

package tray

import "context"

// Where the system itself shows tray icons there is nothing to find out.

func displayProblem(context.Context) string { return "" }

func hasBus(context.Context) bool { return true }

func hasHost(context.Context) bool { return true }

func pump() {}

func iconBeforeHost() {}
