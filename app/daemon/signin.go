package daemon

import (
	"context"

	"dotproxy/app/control"
)

// SignIn implements control.Controller.
func (d *Daemon) SignIn(context.Context) error {
	return &control.Problem{Code: control.CodeNotNow, Message: "This network wants no sign-in.", Hint: "Nothing needs to be done."}
}
