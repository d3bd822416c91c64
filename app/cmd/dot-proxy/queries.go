package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dotproxy/app/control"
)

func (c *command) queriesCommand() *cobra.Command {
	var follow bool
	limit := number{want: "a number", value: 20}
	cmd := &cobra.Command{
		Use: "queries", Short: "Show the latest queries", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit.value < 0 {
				return usageError{quote(limit.String()) + " is less than nothing; give how many queries to show, 0 for all."}
			}
			p := &queryPrinter{out: bufio.NewWriter(c.stdout), json: c.json}
			if follow {
				return c.follow(cmd.Context(), p, limit.value)
			}
			list, err := c.client().Queries(cmd.Context(), limit.value)
			if err != nil {
				return err
			}
			return p.print(list...)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with each new one until interrupted")
	cmd.Flags().VarP(&limit, "limit", "n", "`N`, how many to show at first, 0 for all that are kept")
	return c.withJSON(cmd)
}

// follow prints the latest queries and then each new one. The event stream is
// opened before the latest are asked for, so that none falls between.
func (c *command) follow(ctx context.Context, p *queryPrinter, limit int) error {
	var shown []control.Query
	for e, err := range c.client().Events(ctx) {
		switch {
		case err != nil:
			return err
		case e.Name == control.EventStatus && shown == nil:
			if shown, err = c.client().Queries(ctx, limit); err == nil {
				err = p.print(shown...)
			}
			shown = append(shown, control.Query{})
		case e.Name == control.EventQuery && !among(shown, e.Query):
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

// queryPrinter prints queries one line each, as a table or as JSON.
type queryPrinter struct {
	out    *bufio.Writer
	json   bool
	headed bool
}

const queryRow = "%-12s  %-40s  %-7s  %-9s  %-9s  %9s"

func (p *queryPrinter) print(list ...control.Query) error {
	if !p.json && !p.headed {
		p.headed = true
		fmt.Fprintf(p.out, queryRow+"\n", "TIME", "NAME", "TYPE", "RESULT", "FROM", "TIME TAKEN")
	}
	for _, q := range list {
		if p.json {
			e := json.NewEncoder(p.out)
			e.SetEscapeHTML(false)
			if err := e.Encode(q); err != nil {
				return err
			}
			continue
		}
		name := q.Name
		if name == "" {
			name = "(hidden)"
		}
		fmt.Fprintf(p.out, queryRow, q.Time.Local().Format("15:04:05.000"), printable(name), q.Type, q.RCode, q.Source, milliseconds(q.MS))
		if !q.Encrypted {
			fmt.Fprint(p.out, "  not encrypted")
		}
		fmt.Fprintln(p.out)
	}
	return p.out.Flush()
}

func (p *queryPrinter) lost(count uint64) error {
	if !p.json {
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
