package systemdns

// Refusal is a change that cannot be made here, said for people.
type Refusal struct {
	// Why says what is in the way, Do what to do about it; one sentence each.
	Why, Do string
	cause   error
}

// Error returns both sentences.
func (r *Refusal) Error() string { return r.Why + " " + r.Do }

// Unwrap returns the error of the operating system, or nil.
func (r *Refusal) Unwrap() error { return r.cause }
