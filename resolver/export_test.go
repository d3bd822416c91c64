package resolver

// What tests from outside the package need beside its API.
var (
	NewWithDial = newEngine
	DialTCP     = dialTCP
)
