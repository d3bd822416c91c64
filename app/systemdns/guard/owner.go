package guard

import "os"

// Owner is a process, told from every other one that this computer ran.
type Owner struct {
	PID int `json:"pid"`
	// Started is when the process began and Boot when the computer did, in
	// units of the system's own.
	Started string `json:"started"`
	Boot    string `json:"boot"`
}

// me is this process.
func me() Owner {
	pid := os.Getpid()
	return Owner{PID: pid, Started: startOf(pid), Boot: bootID()}
}

// alive tells whether the process still runs.
func (o Owner) alive() bool {
	return o.PID > 0 && o.Boot == bootID() && o.Started != "" && o.Started == startOf(o.PID)
}
