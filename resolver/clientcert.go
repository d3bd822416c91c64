package resolver

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxPEM bounds the size of a PEM file of ours in bytes.
const maxPEM = 1 << 20

// CheckClientCert tells whether the files of provider.Upstream's ClientCert and
// ClientKey can be used: that both can be read and belong together. keyFile may
// be empty where certFile holds the key too; with both empty there is nothing
// to check. Dates are not looked at, for the file may be renewed at any time
// and the server judges them. The error is one plain sentence without a full
// stop that names the file.
func CheckClientCert(certFile, keyFile string) error {
	if certFile == "" && keyFile == "" {
		return nil
	}
	_, err := loadClientCert(certFile, keyFile)
	return err
}

// loadClientCert reads our certificate and its key.
func loadClientCert(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" {
		return nil, &fileError{"the client key in " + keyFile + " has no client certificate to go with it", nil}
	}
	certPEM, err := readPEM("client certificate", certFile, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	if keyFile == "" {
		keyFile = certFile
	}
	keyPEM, err := readPEM("client key", keyFile, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, &fileError{fmt.Sprintf("the client certificate in %s cannot be used with the key in %s: %s",
			certFile, keyFile, strings.TrimPrefix(err.Error(), "tls: ")), err}
	}
	return &cert, nil
}

// fileError says which file of ours cannot be used and why.
type fileError struct {
	text string
	err  error
}

func (e *fileError) Error() string { return e.text }
func (e *fileError) Unwrap() error { return e.err }

// readPEM reads a PEM file that must hold a block of that kind, or of one whose
// name ends so ("EC PRIVATE KEY").
func readPEM(what, path, kind string) ([]byte, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, &fileError{fmt.Sprintf("the %s file %s %s", what, path, readText(err)), err}
	}
	for rest := data; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil:
			err = fmt.Errorf("the %s file %s holds no %s in PEM form", what, path, strings.ToLower(kind))
			return nil, &fileError{err.Error(), err}
		case !strings.HasSuffix(block.Type, kind):
			continue
		case strings.HasPrefix(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			err = fmt.Errorf("the %s in %s is locked with a password, which cannot be asked for; store it without one", what, path)
			return nil, &fileError{err.Error(), err}
		}
		return data, nil
	}
}

var (
	errNotRegular = errors.New("is no regular file")
	errTooLarge   = errors.New("is too large for a PEM file")
)

// readFile reads a regular file of at most maxPEM bytes.
func readFile(path string) ([]byte, error) {
	// Looked at first, since opening a pipe waits for its other end.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(data) > maxPEM {
		err = errTooLarge
	}
	return data, err
}

// readText ends a sentence that begins with a file.
func readText(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be read by the user that DoT Proxy runs as"
	case errors.Is(err, errNotRegular), errors.Is(err, errTooLarge):
		return err.Error()
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return "cannot be read: " + err.Error()
}
