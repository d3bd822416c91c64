package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"dotproxy/app/control"
	"dotproxy/ui/viewmodel"
)

// recordsShown is how many records a details panel has room for; the rest is
// reached by scrolling.
const recordsShown = 3

// newDetail is the panel of one query.
func newDetail(q *control.Query, routes map[string][]string, copy func(*button, string), close func()) fyne.CanvasObject {
	d := viewmodel.DetailOf(q, routes)
	name := newMono(d.Name+"  "+d.Type, textMono)
	name.least = 60
	ink, tint := theme.ColorNamePrimary, colorSelected
	if d.TagTone == viewmodel.Warn {
		ink, tint = theme.ColorNameWarning, colorWarnTint
	}
	tag := newPanel(newText(d.Tag, textCaption, ink), tint, "", 4, 6, 1)
	var copied *button
	copied = iconButton(theme.ContentCopyIcon(), func() { copy(copied, d.Text()) })
	top := container.NewBorder(nil, nil, nil, hbox(6, middle(tag), copied, iconButton(theme.WindowCloseIcon(), close)), middle(name))
	body := container.New(&rows{gap: 8, stretch: -1}, top, newSteps(d.Steps))
	if len(d.Records) > 0 {
		body.Add(newRecords(d.Records))
	}
	for _, note := range []string{d.DNSSEC, d.Note} {
		if note != "" {
			body.Add(newWrapped(note, textCaption, colorText2))
		}
	}
	return newPanel(body, colorSurface, theme.ColorNameSeparator, radiusCard, 12, 8)
}

func newSteps(steps []viewmodel.Step) fyne.CanvasObject {
	line := &columns{gap: 6}
	box := container.New(line)
	for i, s := range steps {
		if i > 0 {
			line.weights = append(line.weights, 0.12)
			box.Add(middle(widget.NewIcon(coloured(theme.NavigateNextIcon(), colorText2))))
		}
		line.weights = append(line.weights, 1)
		main := newBold(s.Main, textSmall)
		main.least = 60
		if len(s.Lines) == 0 && s.Tone == viewmodel.Warn {
			main.color = theme.ColorNameWarning
		}
		words := vbox(1, newText(s.Title, textCaption, colorText2), main)
		for j, l := range s.Lines {
			one := newText(l, textCaption, colorText2)
			if j == 0 && s.Tone == viewmodel.Warn {
				one.color = theme.ColorNameWarning
			}
			one.least = 60
			words.Add(one)
		}
		box.Add(newPanel(words, theme.ColorNameBackground, "", radiusInput, 10, 6))
	}
	return box
}

func newRecords(lines []string) fyne.CanvasObject {
	list := vbox(0)
	for i, l := range lines {
		one := newMono(l, textMono)
		if i == len(lines)-1 {
			one = newText(l, textCaption, colorText2)
		}
		one.least = 60
		list.Add(one)
	}
	if len(lines) <= recordsShown {
		return list
	}
	scroll := newScroll(list)
	scroll.SetMinSize(fyne.NewSize(100, recordsHeight(recordsShown)))
	return scroll
}

// recordsHeight is the height of that many lines of records.
func recordsHeight(lines int) float32 {
	return float32(lines) * whole(fyne.MeasureText("M", textMono, fyne.TextStyle{Monospace: true}).Height)
}
