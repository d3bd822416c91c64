package control

import (
	"net/url"
	"strings"
)

// plainPage is opened where a network does not name its sign-in page: it leads
// every page that is not encrypted there.
const plainPage = "http://detectportal.firefox.com/"

// maxPage bounds the address of a page, in bytes.
const maxPage = 2000

// Page is the page to open for a sign-in. Its address comes from whoever runs
// the network: anything but a plain one of the web is left aside, and a page
// that leads to the network's own takes its place, as it does for no portal.
func (p *Portal) Page() *url.URL {
	if p != nil && len(p.URL) <= maxPage && !strings.ContainsAny(p.URL, "\"'`\\ ") {
		if u, err := url.Parse(p.URL); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil {
			return u
		}
	}
	plain, _ := url.Parse(plainPage)
	return plain
}
