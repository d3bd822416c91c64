//go:build race

package resolver

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// crowd is how many queries a test asks at once that has many: the race
// detector cannot follow more goroutines.
const crowd = 200

// inBubble runs a test in virtual time, on one processor: on several the race
// detector of Go 1.26 crashes when a timer fires in virtual time. It sees races
// by what orders two accesses, so it needs no second one.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, f)
}
