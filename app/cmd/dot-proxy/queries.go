package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

func (c *command) queriesCommand() *cobra.Command {
	var follow, asCSV bool
	var flags queryFlags
	limit := number{want: "a number", value: 20}
	cmd := &cobra.Command{
		Use: "queries", Short: "Show the latest queries", Args: noArgs,
		Example: "  dot-proxy queries -f --failed\n  dot-proxy queries -f --name .example.com --type A,AAAA\n  dot-proxy queries -n 0 --source clear --json\n  dot-proxy queries -n 0 --csv >queries.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit.value < 0 {
				return usageError{quote(limit.String()) + " is less than nothing; give how many queries to show, 0 for all."}
			}
			if asCSV && c.json {
				return usageError{"--csv and --json exclude each other; give one of them."}
			}
			filter, some := flags.chosen(cmd.Flags())
			r := &queryReader{client: c.client(), filter: filter, all: !some, limit: limit.value}
			p := &queryPrinter{out: bufio.NewWriter(c.stdout), json: c.json, to: terminalOf(c.stdout, flags.color, os.Getenv)}
			if asCSV {
				p.csv = control.NewCSVWriter(p.out)
			}
			if follow {
				return r.follow(cmd.Context(), p)
			}
			list, err := r.latest(cmd.Context())
			if err != nil {
				return err
			}
			return p.list(list, some)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with each new one until interrupted")
	cmd.Flags().VarP(&limit, "limit", "n", "`N`, how many to show at first, 0 for all that are kept")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print CSV with all that is known of each, for a spreadsheet")
	flags.color = "auto"
	flags.add(cmd)
	return c.withJSON(cmd)
}

// queryReader asks the engine for queries.
type queryReader struct {
	client *control.Client
	filter control.QueryFilter
	// all is set where the filter leaves nothing out.
	all   bool
	limit int
}

// latest are the latest queries that fit, oldest first, at most limit.
func (r *queryReader) latest(ctx context.Context) ([]control.Query, error) {
	if r.all {
		return r.client.Queries(ctx, r.limit)
	}
	list, err := r.client.Queries(ctx, 0)
	if err != nil {
		return nil, err
	}
	fit := []control.Query{}
	for i := range list {
		if r.filter.Match(&list[i]) {
			fit = append(fit, list[i])
		}
	}
	if r.limit > 0 && len(fit) > r.limit {
		fit = fit[len(fit)-r.limit:]
	}
	return fit, nil
}

// follow prints the latest queries and then each new one. The event stream is
// opened before the latest are asked for, so that none falls between.
func (r *queryReader) follow(ctx context.Context, p *queryPrinter) error {
	var shown []control.Query
	for e, err := range r.client.Events(ctx) {
		switch {
		case err != nil:
			return err
		case e.Name == control.EventStatus && shown == nil:
			if shown, err = r.latest(ctx); err == nil {
				err = p.print(shown...)
			}
			shown = append(shown, control.Query{})
		case e.Name == control.EventQuery && r.filter.Match(e.Query) && !among(shown, e.Query):
			err = p.print(*e.Query)
		case e.Name == control.EventDropped:
			err = p.lost(e.Count)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// among tells whether a query is one of those already shown.
func among(shown []control.Query, q *control.Query) bool {
	for _, s := range shown {
		if s.Time.Equal(q.Time) && s.Name == q.Name && s.Type == q.Type && s.Client == q.Client && s.MS == q.MS {
			return true
		}
	}
	return false
}

// queryPrinter prints queries one line each, as a table, as JSON or as CSV.
type queryPrinter struct {
	out    *bufio.Writer
	json   bool
	csv    *control.CSVWriter // nil without --csv
	to     terminal
	table  *table
	fitted int // the width of which table is made
}

// list prints what was asked for once; of a filter it says that nothing fits.
func (p *queryPrinter) list(list []control.Query, filtered bool) error {
	if len(list) == 0 && filtered && !p.forPrograms() {
		fmt.Fprintln(p.out, "No query matches.")
		return p.out.Flush()
	}
	return p.print(list...)
}

func (p *queryPrinter) forPrograms() bool { return p.json || p.csv != nil }

func (p *queryPrinter) print(list ...control.Query) error {
	switch {
	case p.json:
		return p.printJSON(list)
	case p.csv != nil:
		if err := p.csv.Write(list...); err != nil {
			return err
		}
		return p.out.Flush()
	}
	p.fit()
	for i := range list {
		p.table.write(p.out, p.to.color, func(c *column) (string, string) { return c.cell(&list[i]) })
	}
	return p.out.Flush()
}

// fit makes the table, with its head, and makes it again for a terminal whose
// width has changed.
func (p *queryPrinter) fit() {
	width := p.to.columns()
	if p.table != nil && width == p.fitted {
		return
	}
	first := p.table == nil
	p.table, p.fitted = newTable(width), width
	if first {
		p.table.write(p.out, p.to.color, func(c *column) (string, string) { return c.title, dim })
	}
}

func (p *queryPrinter) printJSON(list []control.Query) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	for i := range list {
		if err := e.Encode(list[i]); err != nil {
			return err
		}
	}
	return p.out.Flush()
}

func (p *queryPrinter) lost(count uint64) error {
	if !p.forPrograms() {
		fmt.Fprintf(p.out, "(%d queries not shown: too many at once)\n", count)
	}
	return p.out.Flush()
}

// printable keeps what a client sent from steering the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}
