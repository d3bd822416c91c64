//go:build !race

package resolver

// crowd is how many queries a test asks at once that has many.
const crowd = 5000
