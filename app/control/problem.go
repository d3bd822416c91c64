package control

// The codes of a Problem.
const (
	// CodeBadRequest: the request itself is malformed.
	CodeBadRequest = "bad_request"
	// CodeBadValue: a well-formed request carries a value that cannot be used.
	CodeBadValue = "bad_value"
	// CodePortInUse: another program holds the port.
	CodePortInUse = "port_in_use"
	// CodePermission: the port needs a permission the engine lacks.
	CodePermission = "permission"
	// CodeAddress: a listen address does not exist on this computer.
	CodeAddress = "address"
	// CodeCertificate: the provider's certificate could not be verified.
	CodeCertificate = "certificate"
	// CodeNoAnswer: no upstream answers.
	CodeNoAnswer = "no_answer"
	// CodeOffline: there is no network.
	CodeOffline = "offline"
	// CodeSystemDNS: this computer's DNS could not be changed, or not be kept.
	CodeSystemDNS = "dns_not_set"
	// CodeLeak: programs of this computer still ask another server, although its
	// DNS was pointed here; on the network that Entry names where one is known.
	CodeLeak = "leak"
	// CodePortal: the network wants a sign-in.
	CodePortal = "portal"
	// CodeNotNow: what is asked for makes no sense in the present state.
	CodeNotNow = "not_now"
	// CodeSettings: the settings file is broken.
	CodeSettings = "settings"
	// CodeNoEngine: no engine listens on the control socket.
	CodeNoEngine = "no_engine"
	// CodeRunning: another engine already holds the control socket.
	CodeRunning = "already_running"
	// CodeForbidden: the caller may not steer this engine.
	CodeForbidden = "forbidden"
	// CodeInternal: the engine itself failed.
	CodeInternal = "internal"
)

// Problem is something that went wrong, said for people. It is an error.
type Problem struct {
	Code string `json:"code"`
	// Message says what happened and why, Hint what to do; one sentence each.
	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Field names the setting that is wrong (CodeBadValue), else empty.
	Field string `json:"field,omitempty"`
	// Entry is the key in a table that Field names, such as a route's domain,
	// empty where none is at fault; with CodeLeak the network.
	Entry string `json:"entry,omitempty"`

	cause error
}

// Unwrap returns the error behind the problem, such as a context's, or nil.
func (p *Problem) Unwrap() error { return p.cause }

// Error returns the message and, where there is one, the hint.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + " " + p.Hint
}
