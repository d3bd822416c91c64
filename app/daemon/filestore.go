package daemon

import (
	"dotproxy/app/control"
	"dotproxy/app/settings"
)

// fileStore keeps settings in a file; without a path it keeps nothing.
type fileStore struct {
	path string
}

func (f fileStore) file() settings.File { return settings.File{Path: f.path, Check: checkNames} }

// checkNames judges the upstreams and names in settings, and no file that they
// name: one that is not there just now is no reason to go back to older
// settings.
func checkNames(s control.Settings) *control.Problem {
	for _, spec := range s.Upstreams {
		if _, problem := parseUpstream("upstreams", spec); problem != nil {
			return problem
		}
	}
	_, problem := rules(s, own(layers{}.listenAddrs(s)), parseUpstream)
	return problem
}

// Load implements store.
func (f fileStore) Load() loaded {
	if f.path == "" {
		return loaded{settings: control.Default(), usable: true}
	}
	s, problem, err := f.file().Load()
	return loaded{settings: s, usable: err == nil, problem: problem}
}

// Save implements store.
func (f fileStore) Save(s control.Settings) error {
	if f.path == "" {
		return &control.Problem{Code: control.CodeSettings, Message: "The settings could not be saved: there is no folder for them.",
			Hint: "Name a file with --settings when the engine is started."}
	}
	return f.file().Save(s)
}
