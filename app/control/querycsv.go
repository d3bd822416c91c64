package control

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CSVWriter writes queries as CSV (RFC 4180), a line of titles first. A cell
// that others chose, such as a name that was asked for, cannot be taken for a
// formula by a spreadsheet.
type CSVWriter struct {
	to     *csv.Writer
	titled bool
}

// NewCSVWriter returns one that writes to w.
func NewCSVWriter(w io.Writer) *CSVWriter { return &CSVWriter{to: csv.NewWriter(w)} }

// Columns are the titles in order.
func (*CSVWriter) Columns() []string {
	return []string{"time", "name", "type", "rcode", "source", "upstream", "ms", "client", "transport", "encrypted", "authenticated", "ttl", "answers", "ede", "tls", "key_exchange", "cipher", "resumed", "tries"}
}

// Write writes a list, or only the titles. Errors are those of the writer
// beneath.
func (c *CSVWriter) Write(list ...Query) error {
	if !c.titled {
		c.titled = true
		if err := c.to.Write(c.Columns()); err != nil {
			return err
		}
	}
	for i := range list {
		if err := c.to.Write(csvCells(&list[i])); err != nil {
			return err
		}
	}
	c.to.Flush()
	return c.to.Error()
}

func csvCells(q *Query) []string {
	over, resumed := Connection{}, ""
	if q.Connection != nil {
		over, resumed = *q.Connection, strconv.FormatBool(q.Connection.Resumed)
	}
	cells := []string{
		q.Time.Format(time.RFC3339Nano), q.Name, q.Type, q.RCode, string(q.Source), q.Upstream, strconv.FormatFloat(q.MS, 'f', -1, 64),
		q.Client, q.Transport, strconv.FormatBool(q.Encrypted), strconv.FormatBool(q.Authenticated), strconv.FormatUint(uint64(q.TTL), 10),
		strings.Join(q.Answers, "\n"), q.EDE, over.TLS, over.KeyExchange, over.Cipher, resumed, strconv.Itoa(q.Tries),
	}
	for i, text := range cells {
		if text != "" && slices.Contains([]byte("=+-@\t\r"), text[0]) {
			cells[i] = "'" + text
		}
	}
	return cells
}
