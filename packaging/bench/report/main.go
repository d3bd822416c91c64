// Command report makes the table, the Markdown and the chart of what bench.sh
// measured.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("dir", ".", "`FOLDER` of bench.tsv, which gets bench.md and bench.svg")
	readme := flag.String("publish", "", "`FILE` in which the block between the marks is replaced; the chart goes to assets/bench.svg beside it")
	flag.Parse()
	if err := run(*dir, *readme); err != nil {
		log.Fatalf("The report could not be made: %v", err)
	}
}

func run(dir, readme string) error {
	file, err := os.Open(filepath.Join(dir, "bench.tsv"))
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := read(file)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	if err := r.writeText(os.Stdout); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.md"), []byte(r.markdown("bench.svg")), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.svg"), []byte(r.chart()), 0o644); err != nil {
		return err
	}
	if readme == "" {
		return nil
	}
	return r.publish(readme)
}

// publish puts the results into the README and its chart beside it.
func (r *results) publish(readme string) error {
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	const picture = "assets/bench.svg"
	page, err := replace(string(text), r.markdown(picture))
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(readme), picture), []byte(r.chart()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(page), 0o644)
}

// The marks in the README. What stands between them is written anew.
const (
	startMark = "<!-- bench: written by packaging/bench.sh --publish -->\n"
	endMark   = "<!-- /bench -->\n"
)

// replace puts block between the marks.
func replace(page, block string) (string, error) {
	before, rest, ok := strings.Cut(page, startMark)
	if !ok {
		return "", fmt.Errorf("the mark %q is missing", strings.TrimSpace(startMark))
	}
	_, after, ok := strings.Cut(rest, endMark)
	if !ok {
		return "", fmt.Errorf("the mark %q is missing", strings.TrimSpace(endMark))
	}
	return before + startMark + block + endMark + after, nil
}
