package window

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// handovers lead from another goroutine to Fyne's, which in a test is whichever
// calls. They belong where a test can take their place: beside the Options.
var handovers = []string{"fyne.Do", "fyne.DoAndWait", "time.AfterFunc"}

// TestOneFileMeetsOtherGoroutines keeps what is drawn in a test on the test's
// own goroutine.
func TestOneFileMeetsOtherGoroutines(t *testing.T) {
	const home = "window.go"
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, f := range files {
		if name := f.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			for _, what := range handoversIn(t, name) {
				if seen[what] = true; name != home {
					t.Errorf("%s uses %s: hand it to an Option of %s, which tests replace", name, what, home)
				}
			}
		}
	}
	for _, what := range handovers {
		if !seen[what] {
			t.Errorf("%s is not found in %s: is it still looked for under its name?", what, home)
		}
	}
}

// handoversIn names the handovers and the go statements in a file.
func handoversIn(t *testing.T, name string) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "a go statement")
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && slices.Contains(handovers, of.Name+"."+n.Sel.Name) {
				found = append(found, of.Name+"."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}
