package control

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// Limits of Settings.
const (
	// MaxListen is how many addresses an engine answers on.
	MaxListen = 16
	// MaxUpstreams is how many upstreams may be listed.
	MaxUpstreams = 16
	// MaxCacheMiB bounds Settings.CacheMiB.
	MaxCacheMiB = 4096

	maxBundle = 16 << 20
)

// Default returns the settings of an engine that nobody has set up.
func Default() Settings {
	return Settings{
		Listen:      []string{"127.0.0.1", "::1"},
		Port:        53,
		Upstreams:   []string{"cloudflare"},
		CacheMiB:    8,
		CacheMaxTTL: 86400,
		StaleHours:  24,
		Canary:      true,
		Hosts:       true,
		Access:      []string{AccessPrivate},
		LogPrivacy:  LogFull,
		Networks:    []NetworkRule{},
		Routes:      map[string][]string{},
		Overrides:   map[string][]string{},
		RateLimit:   RateLimit{PerSecond: 200, Burst: 1000, BlockAfter: 5000, BlockWindow: 60, BlockFor: 600},
	}
}

// Clone returns a copy that shares nothing with s. Tables that are nil become
// empty.
func (s Settings) Clone() Settings {
	s.Listen = slices.Clone(s.Listen)
	s.Upstreams = slices.Clone(s.Upstreams)
	s.Access = slices.Clone(s.Access)
	s.Networks = cloneRules(s.Networks)
	s.Routes, s.Overrides = cloneTable(s.Routes), cloneTable(s.Overrides)
	return s
}

func cloneTable(t map[string][]string) map[string][]string {
	c := make(map[string][]string, len(t))
	for key, list := range t {
		c[key] = slices.Clone(list)
	}
	return c
}

// Equal tells whether both say the same, order included.
func (s Settings) Equal(o Settings) bool {
	return slices.Equal(s.Listen, o.Listen) && s.Port == o.Port &&
		slices.Equal(s.Upstreams, o.Upstreams) && s.Race == o.Race && s.HideSubnet == o.HideSubnet && s.CABundle == o.CABundle &&
		s.CacheMiB == o.CacheMiB && s.CacheMinTTL == o.CacheMinTTL && s.CacheMaxTTL == o.CacheMaxTTL &&
		s.StaleHours == o.StaleHours && s.CachePersist == o.CachePersist &&
		s.Canary == o.Canary && s.Hosts == o.Hosts && s.RebindingProtection == o.RebindingProtection &&
		s.LocalNetwork == o.LocalNetwork && s.SystemDNS == o.SystemDNS && slices.Equal(s.Access, o.Access) && s.LogPrivacy == o.LogPrivacy && s.KeepStatistics == o.KeepStatistics &&
		slices.EqualFunc(s.Networks, o.Networks, NetworkRule.equal) &&
		equalTable(s.Routes, o.Routes) && equalTable(s.Overrides, o.Overrides) && s.RateLimit == o.RateLimit
}

func equalTable(a, b map[string][]string) bool { return maps.EqualFunc(a, b, slices.Equal) }

// Check returns what is wrong with s, each with Code bad_value and its Field,
// in the order of the fields; none means that s can be used. It reads the
// certificate file; it does not judge the text of an upstream or a domain.
func (s Settings) Check() []*Problem {
	var found []*Problem
	for _, p := range []*Problem{
		checkListen(s.Listen), checkPort(s.Port), checkUpstreams(s.Upstreams),
		checkBundle(s.CABundle), checkCache(s.CacheMiB), checkMinTTL(s.CacheMinTTL, s.CacheMaxTTL), checkMaxTTL(s.CacheMaxTTL),
		checkStale(s.StaleHours), checkAccess(s.Access), checkPrivacy(s.LogPrivacy), checkNetworks(s.Networks),
		checkRoutes(s.Routes), checkOverrides(s.Overrides), s.RateLimit.check(),
	} {
		if p != nil {
			found = append(found, p)
		}
	}
	return found
}

// BadValue returns the problem of a setting whose value cannot be used.
func BadValue(field, message, hint string) *Problem {
	return &Problem{Code: CodeBadValue, Message: message, Hint: hint, Field: field}
}

func checkListen(list []string) *Problem {
	switch n := len(list); {
	case n == 0:
		return BadValue("listen", "There is no address to answer on.", "Enter an address of this computer, such as 127.0.0.1.")
	case n > MaxListen:
		return BadValue("listen", fmt.Sprintf("There are %d addresses to answer on; %d are possible.", n, MaxListen), "Remove some, or use 0.0.0.0 and :: for all.")
	}
	seen := map[netip.Addr]bool{}
	for _, text := range list {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return BadValue("listen", Quote(text)+" is not an IP address.", "Enter an address of this computer without a port, such as 127.0.0.1 or ::1.")
		}
		if addr = addr.Unmap(); addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
			return BadValue("listen", Quote(text)+" is not the address of one computer.", "Enter an address of this computer, such as 127.0.0.1.")
		}
		if seen[addr] {
			return BadValue("listen", Quote(text)+" is listed twice.", "Remove one of them.")
		}
		seen[addr] = true
	}
	return nil
}

func checkPort(port int) *Problem {
	if port >= 1 && port <= 65535 {
		return nil
	}
	return BadValue("port", fmt.Sprintf("%d is not a port.", port), "Enter a number from 1 to 65535; 53 is the port of DNS.")
}

func checkUpstreams(list []string) *Problem {
	switch n := len(list); {
	case n == 0:
		return BadValue("upstreams", "There is no provider to ask.", "Choose one, such as cloudflare.")
	case n > MaxUpstreams:
		return BadValue("upstreams", fmt.Sprintf("There are %d providers to ask; %d are possible.", n, MaxUpstreams), "Remove some.")
	}
	for i, text := range list {
		if strings.TrimSpace(text) == "" {
			return BadValue("upstreams", "The name of a provider is empty.", "Remove it, or choose a provider such as cloudflare.")
		}
		if slices.Contains(list[:i], text) {
			return BadValue("upstreams", Quote(text)+" is listed twice.", "Remove one of them.")
		}
	}
	return nil
}

func checkCache(mib int) *Problem {
	if mib >= 0 && mib <= MaxCacheMiB {
		return nil
	}
	return BadValue("cache_mib", fmt.Sprintf("The cache cannot be %d MiB large.", mib), fmt.Sprintf("Enter a number from 0 (no cache) to %d.", MaxCacheMiB))
}

func checkPrivacy(level LogPrivacy) *Problem {
	switch level {
	case LogFull, LogHideNames, LogOff:
		return nil
	}
	return BadValue("log_privacy", Quote(string(level))+" is not a level of the query log.", "Choose full, hide_names or off.")
}

func checkBundle(path string) *Problem {
	if path == "" {
		return nil
	}
	_, err := LoadRoots(path)
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return nil
}

// LoadRoots reads the authorities in a PEM file. An empty path gives nil, which
// stands for the system's. The error is a *Problem with Field "ca_bundle".
func LoadRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readBounded(path)
	if err != nil {
		return nil, BadValue("ca_bundle", "The certificate file "+Quote(path)+" cannot be read: "+reason(err)+".", "Choose a PEM file that this user may read, or the system’s roots.")
	}
	pool, count := x509.NewCertPool(), 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		// Public bundles carry the odd certificate that Go will not parse.
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			pool.AddCert(cert)
			count++
		}
	}
	if count == 0 {
		return nil, BadValue("ca_bundle", "The file "+Quote(path)+" holds no certificate.", "Choose a file in PEM format, or the system’s roots.")
	}
	return pool, nil
}

// readBounded refuses what is no plain file, so that a pipe or device cannot
// block or fill the memory.
func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a plain file")
	case info.Size() > maxBundle:
		return nil, fmt.Errorf("it is larger than %d MiB", maxBundle>>20)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxBundle))
}

// reason says a file system's error without the path, which the sentence has.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not read it"
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err.Error()
	}
	return err.Error()
}

// Quote puts a value that a person wrote between quotation marks, shortened
// and freed of control characters, for use in a sentence.
func Quote(text string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '�'
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	if runes := []rune(clean); len(runes) > 80 {
		clean = string(runes[:79]) + "…"
	}
	return "“" + clean + "”"
}
