package control

// Designated is an encrypted resolver that the network's own resolver names in
// its place (DDR, RFC 9462), or what became of asking for one.
type Designated struct {
	// Resolver is the network's resolver that was asked.
	Resolver string `json:"resolver"`
	// Name and Addresses are of the one that it names, empty where it names none.
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	// Upstream is a form of --dns, empty where Problem says in a sentence why it
	// cannot be trusted.
	Upstream string `json:"upstream"`
	Problem  string `json:"problem"`
}
