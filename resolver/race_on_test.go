//go:build race

package resolver

// crowd is how many queries a test asks at once that has many: the race
// detector cannot follow more goroutines.
const crowd = 200
