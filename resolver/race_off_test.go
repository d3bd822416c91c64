//go:build !race

package resolver

import (
	"testing"
	"testing/synctest"
)

// crowd is how many queries a test asks at once that has many.
const crowd = 5000

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
