package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/miekg/dns"

	"dotproxy/app/control"
	"dotproxy/resolver/resolvertest"
)

// TestExportByKeyboard: the queries of a real engine go into a file that is
// named and saved with keys alone.
func TestExportByKeyboard(t *testing.T) {
	d := newDesk(t, true)
	socket, port := filepath.Join(d.dir, "control.sock"), strconv.Itoa(resolvertest.FreePort(t))
	d.start(filepath.Join(d.bin, "dot-proxy"), "serve", "--demo", "-p", port, "--control", socket, "--settings", filepath.Join(d.dir, "settings.toml"))
	client := control.NewClient(socket)
	d.until("the engine runs", func() bool {
		s, err := client.Status(t.Context())
		return err == nil && s.State == control.Protected
	})
	asked := []string{"mail.example.com.", "www.example.org."}
	for _, name := range asked {
		if _, err := dns.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), "127.0.0.1:"+port); err != nil {
			t.Fatal(err)
		}
	}
	w := d.window("--control", socket, "--view", "queries")
	w.do("windowfocus", "--sync", w.id)

	file := filepath.Join(d.home, "export.csv")
	// A key may come before the window has the queries.
	d.until("the file", func() bool {
		w.do("key", "--delay", "100", "Escape", "Escape", "ctrl+e", "Return")
		w.do("key", "ctrl+a")
		w.do("type", "--delay", "20", filepath.Base(file))
		w.do("key", "--delay", "100", "Return")
		_, err := os.Stat(file)
		return err == nil
	})
	var rows [][]string
	d.until("all of the file", func() bool {
		in, err := os.Open(file)
		if err != nil {
			return false
		}
		defer in.Close()
		rows, err = csv.NewReader(in).ReadAll()
		return err == nil && len(rows) > len(asked)
	})
	column := func(name string) (cells []string) {
		i := slices.Index(rows[0], name)
		if i < 0 {
			t.Fatalf("the titles are %q, without %s", rows[0], name)
		}
		for _, row := range rows[1:] {
			cells = append(cells, row[i])
		}
		return cells
	}
	for _, name := range asked {
		i := slices.Index(column("name"), name)
		if i < 0 {
			t.Errorf("%s is not among %q", name, column("name"))
			continue
		}
		if kind, code, hidden := column("type")[i], column("rcode")[i], column("encrypted")[i]; kind != "A" || code != "NOERROR" || hidden != "true" {
			t.Errorf("%s: %s, %s, encrypted %s", name, kind, code, hidden)
		}
	}
}
