package viewmodel

import (
	"encoding/pem"
	"os"
	"strings"

	"dotproxy/app/control"
	"dotproxy/app/words"
)

// bundleCheck remembers the last file that was checked and counted, so that not every key
// pressed in another field reads it again.
type bundleCheck struct {
	path, wrong string
	count       int
	checked     bool
}

// of says what is wrong with the file of certificates at path, or nothing.
func (b *bundleCheck) of(path string) string {
	if b.checked && b.path == path {
		return b.wrong
	}
	*b = bundleCheck{path: path, checked: true}
	if _, err := control.LoadRoots(path); err == nil {
		b.count = countCertificates(path)
	} else {
		b.wrong = Told(err)
	}
	return b.wrong
}

// BundleHint says what the form's certificates are: the system's roots, or how
// many a file holds.
func (f *Form) BundleHint() string {
	path := strings.TrimSpace(f.Value(FieldBundle))
	if path == "" {
		return words.T("The system’s roots, or a PEM file of your own")
	}
	if f.bundle.of(path) != "" {
		return words.T("A PEM file of your own")
	}
	return words.N("A file with {{.N}} certificates", f.bundle.count)
}

// countCertificates counts those of a file that control.LoadRoots accepts.
func countCertificates(path string) (n int) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			n++
		}
	}
	return n
}
