package control

import (
	"context"
	"maps"
	"os"
	"slices"
)

// Routes returns every pattern that a Server answers.
func Routes() []string {
	var c Controller = noController{}
	return slices.Sorted(maps.Keys(NewServer(c, nil).table()))
}

// noController has methods to bind, none to call.
type noController struct{ Controller }

func (noController) Start(context.Context) error { panic("start") }
func (noController) Stop(context.Context) error  { panic("stop") }
func (noController) Quit(context.Context) error  { panic("quit") }

// LaunchProgram is Launch with a given program.
func LaunchProgram(ctx context.Context, program string, args ...string) (*os.Process, error) {
	return launch(ctx, program, args)
}
