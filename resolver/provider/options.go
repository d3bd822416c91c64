package provider

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The options that may follow a server's text.
const (
	optPin    = "pin-sha256"
	optVerify = "verify"
	optCert   = "client-cert"
	optKey    = "client-key"

	allowedOptions = "pin-sha256=…, verify=pins, client-cert=… and client-key=…"
)

// setOptions reads what stands behind the ? and puts it into u: KEY=VALUE
// joined by &, with percent-encoding. A + stays a +, since base64 has it.
func (u *Upstream) setOptions(text string) error {
	if text == "" {
		return errors.New("has nothing after the ?; the options are " + allowedOptions)
	}
	seen := map[string]bool{}
	for option := range strings.SplitSeq(text, "&") {
		key, raw, _ := strings.Cut(option, "=")
		value, err := optionValue(key, raw)
		if err != nil {
			return err
		}
		if seen[key] && key != optPin {
			return fmt.Errorf("has %s twice; give it once", key)
		}
		seen[key] = true
		if err := u.setOption(key, value); err != nil {
			return err
		}
	}
	switch {
	case u.PinsOnly && len(u.Pins) == 0:
		return errors.New("has verify=pins and no pin; add the pin-sha256 that the server’s key must have")
	case u.ClientKey != "" && u.ClientCert == "":
		return errors.New("has a client-key and no client-cert; add the file of the certificate that the key belongs to")
	}
	return nil
}

// optionValue decodes a value; an option that is not known has none.
func optionValue(key, raw string) (string, error) {
	if !slices.Contains([]string{optPin, optVerify, optCert, optKey}, key) {
		return "", fmt.Errorf("has the unknown option “%s”; the options are %s", printable(key), allowedOptions)
	}
	value, err := url.PathUnescape(raw)
	switch {
	case err != nil:
		return "", fmt.Errorf("has a %% in %s that begins no percent-encoding; write %%25 for the sign itself", key)
	case value == "":
		return "", fmt.Errorf("has no value for %s; write %s=…", key, key)
	case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
		return "", fmt.Errorf("has characters in %s that cannot be shown", key)
	}
	return value, nil
}

func (u *Upstream) setOption(key, value string) (err error) {
	switch key {
	case optPin:
		var pin [32]byte
		pin, err = parsePin(value)
		if err == nil && !slices.Contains(u.Pins, pin) {
			u.Pins = append(u.Pins, pin)
		}
	case optVerify:
		if value != "pins" {
			err = fmt.Errorf("has “%s” for verify; the only other way to verify is pins", printable(value))
		}
		u.PinsOnly = true
	case optCert:
		u.ClientCert, err = absolute(key, value)
	case optKey:
		u.ClientKey, err = absolute(key, value)
	}
	return err
}

// parsePin reads a SHA-256 digest in base64 (RFC 7469 section 2.1.1), also in
// the alphabet of URLs and without the padding.
func parsePin(s string) ([32]byte, error) {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	digest, err := base64.RawStdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return [32]byte{}, fmt.Errorf("has “%s” for pin-sha256, which is no base64", printable(s))
	case len(digest) != 32:
		return [32]byte{}, fmt.Errorf("has a pin-sha256 of %d bytes; a SHA-256 digest has 32, which base64 writes with 44 characters", len(digest))
	}
	return [32]byte(digest), nil
}

// absolute refuses a relative path: it is read by the engine, which may run in
// another folder than whoever wrote it.
func absolute(key, path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("has “%s” for %s; give the file’s whole path, since the engine may run in another folder", printable(path), key)
	}
	return path, nil
}
