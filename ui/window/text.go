package window

import (
	"math"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	"github.com/go-text/typesetting/segmenter"
)

// text is a line, or a wrapped paragraph, without the padding of Fyne's Label,
// in any colour of the theme.
type text struct {
	widget.BaseWidget
	content string
	size    float32
	color   fyne.ThemeColorName
	style   fyne.TextStyle
	align   fyne.TextAlign
	wrap    bool // else it ends with an ellipsis where there is no room
	least   float32
}

func newText(content string, size float32, color fyne.ThemeColorName) *text {
	t := &text{content: content, size: size, color: color}
	t.ExtendBaseWidget(t)
	return t
}

func newBold(content string, size float32) *text {
	t := newText(content, size, colorTextPlain)
	t.style.Bold = true
	return t
}

func newMono(content string, size float32) *text {
	t := newText(content, size, colorTextPlain)
	t.style.Monospace = true
	return t
}

// newWrapped breaks its lines at the width it is given.
func newWrapped(content string, size float32, color fyne.ThemeColorName) *text {
	t := newText(content, size, color)
	t.wrap = true
	return t
}

// set shows content in a colour, if either is new.
func (t *text) set(content string, color fyne.ThemeColorName) {
	if t.content == content && t.color == color {
		return
	}
	t.content, t.color = content, color
	t.Refresh()
}

func (t *text) setText(content string) { t.set(content, t.color) }

// CreateRenderer implements fyne.Widget.
func (t *text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{t: t}
	r.build()
	return r
}

type textRenderer struct {
	t     *text
	width float32
	lines []*canvas.Text
	objs  []fyne.CanvasObject
}

// build makes the lines for the present width.
func (r *textRenderer) build() {
	t := r.t
	parts := []string{t.content}
	switch {
	case t.wrap && r.width > 0:
		parts = wrapText(t.content, max(r.width, t.least), t.size, t.style)
	case r.width > 0:
		parts[0] = fitText(t.content, r.width, t.size, t.style)
	}
	for len(r.lines) < len(parts) {
		line := canvas.NewText("", nil)
		r.lines, r.objs = append(r.lines, line), append(r.objs, line)
	}
	r.lines, r.objs = r.lines[:len(parts)], r.objs[:len(parts)]
	for i, part := range parts {
		line := r.lines[i]
		line.Text, line.Color, line.TextSize, line.TextStyle, line.Alignment = part, colorOf(t, t.color), t.size, t.style, t.align
	}
}

// lineHeight is whole, so that what stands beneath is drawn sharp.
func (r *textRenderer) lineHeight() float32 {
	return whole(fyne.MeasureText("M", r.t.size, r.t.style).Height)
}

func whole(v float32) float32 { return float32(math.Ceil(float64(v))) }

// Layout implements fyne.WidgetRenderer.
func (r *textRenderer) Layout(size fyne.Size) {
	if size.Width != r.width {
		r.width = size.Width
		r.build()
	}
	height := r.lineHeight()
	for i, line := range r.lines {
		line.Move(fyne.NewPos(0, float32(i)*height))
		line.Resize(fyne.NewSize(size.Width, height))
	}
}

// MinSize implements fyne.WidgetRenderer. Text that may be shortened or
// wrapped asks for little width.
func (r *textRenderer) MinSize() fyne.Size {
	t := r.t
	if t.wrap {
		return fyne.NewSize(t.least, float32(len(r.lines))*r.lineHeight())
	}
	if t.least > 0 {
		return fyne.NewSize(t.least, r.lineHeight())
	}
	return fyne.NewSize(whole(fyne.MeasureText(t.content, t.size, t.style).Width), r.lineHeight())
}

// Refresh implements fyne.WidgetRenderer.
func (r *textRenderer) Refresh() {
	r.build()
	r.Layout(r.t.Size())
	for _, line := range r.lines {
		line.Refresh()
	}
	canvas.Refresh(r.t)
}

// Objects implements fyne.WidgetRenderer.
func (r *textRenderer) Objects() []fyne.CanvasObject { return r.objs }

// Destroy implements fyne.WidgetRenderer.
func (r *textRenderer) Destroy() {}

// fitSize is the text size at which content fits a width: size itself, or as
// much as two less for a long word.
func fitSize(content string, width, size float32, style fyne.TextStyle) float32 {
	for least := size - 2; size > least; size -= 0.5 {
		if fyne.MeasureText(content, size, style).Width <= width {
			break
		}
	}
	return size
}

// fitText shortens content with an ellipsis to fit width.
func fitText(content string, width, size float32, style fyne.TextStyle) string {
	fits := func(s string) bool { return fyne.MeasureText(s, size, style).Width <= width+0.5 }
	if content == "" || fits(content) {
		return content
	}
	runes := []rune(content)
	low, high := 0, len(runes)-1
	for low < high {
		if middle := (low + high + 1) / 2; fits(string(runes[:middle]) + "…") {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return string(runes[:low]) + "…"
}

// pieces part content where a line may be broken. A space that does not break
// stays, as French has one before a colon.
func pieces(content string) (list []string) {
	breaks := func(r rune) bool { return unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f' }
	var parts segmenter.Segmenter
	parts.Init([]rune(strings.Join(strings.FieldsFunc(content, breaks), " ")))
	for line := parts.LineIterator(); line.Next(); {
		list = append(list, string(line.Line().Text))
	}
	return list
}

// wrapText breaks content where a line may end (UAX #14): at spaces, and in
// Chinese and Japanese between most characters. A longer word is shortened.
func wrapText(content string, width, size float32, style fyne.TextStyle) []string {
	var lines []string
	line := ""
	for _, piece := range pieces(content) {
		longer := line + piece
		if line != "" && fyne.MeasureText(strings.TrimSpace(longer), size, style).Width > width {
			lines = append(lines, strings.TrimSpace(line))
			longer = piece
		}
		line = longer
	}
	lines = append(lines, strings.TrimSpace(line))
	for i := range lines {
		lines[i] = fitText(lines[i], width, size, style)
	}
	return lines
}
