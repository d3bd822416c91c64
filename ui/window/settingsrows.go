package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"dotproxy/app/words"
	"dotproxy/ui/viewmodel"
)

// field is one line of the form.
type field struct {
	hint    *text
	edge    *outline
	set     func(string)
	options func([]string)
	toggle  *toggle // of a switch, which has nothing of what is typed
	row     fyne.CanvasObject
}

// line sets label and hint beside an input of a width.
func (s *settings) line(name viewmodel.Field, f *field, width float32, input fyne.CanvasObject) fyne.CanvasObject {
	s.fields[name] = f
	return s.row(name.Label(), f, width, input)
}

// row is a line of whatever has that label.
func (s *settings) row(label string, f *field, width float32, input fyne.CanvasObject) fyne.CanvasObject {
	f.hint = newWrapped("", textCaption, colorText2)
	words := vbox(0, newWrapped(label, textNormal, colorTextPlain), f.hint)
	f.row = container.New(layout.NewCustomPaddedLayout(6, 6, 0, 0),
		container.New(&fieldLayout{width: width}, middle(words), middle(atLeast(input, 0, 32))))
	return f.row
}

// fieldLayout gives the input its width and the words what is left; in a
// narrow window the input may shrink to half.
type fieldLayout struct{ width float32 }

// Layout implements fyne.Layout.
func (l *fieldLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	wide := min(l.width, size.Width/2)
	objs[0].Move(fyne.Position{})
	objs[0].Resize(fyne.NewSize(size.Width-wide-16, size.Height))
	objs[1].Move(fyne.NewPos(size.Width-wide, 0))
	objs[1].Resize(fyne.NewSize(wide, size.Height))
}

// MinSize implements fyne.Layout.
func (l *fieldLayout) MinSize(objs []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(360, max(objs[0].MinSize().Height, objs[1].MinSize().Height))
}

func (s *settings) entryRow(name viewmodel.Field, width float32, keys shortcuts) fyne.CanvasObject {
	e := newEntry(keys, func(text string) { s.typed(name, text) })
	e.OnSubmitted = func(string) { s.submit() }
	input, edge := edged(e)
	f := &field{edge: edge, set: func(text string) { setText(e, text) }}
	return s.line(name, f, width, input)
}

func (s *settings) choiceRow(name viewmodel.Field, keys shortcuts) fyne.CanvasObject {
	e := newSelectEntry(keys, func(text string) { s.typed(name, text) })
	e.OnSubmitted = func(string) { s.submit() }
	input, edge := edged(e)
	f := &field{edge: edge, set: e.SetText, options: e.SetOptions}
	return s.line(name, f, 270, input)
}

// bundleRow has its input beneath the words: beside two buttons, whose words are
// long in some languages, a path has no room in half a row.
func (s *settings) bundleRow(keys shortcuts) fyne.CanvasObject {
	e := newEntry(keys, func(text string) { s.typed(viewmodel.FieldBundle, text) })
	e.OnSubmitted = func(string) { s.submit() }
	e.SetPlaceHolder(words.T("System’s roots"))
	input, edge := edged(e)
	s.system = newButton(words.T("System’s roots"), nil, func() { e.SetText("") })
	browse := newButton(words.T("Browse…"), nil, func() { s.tasks.browse(e.SetText) })
	return s.beneath(viewmodel.FieldBundle, &field{edge: edge, set: e.SetText},
		container.NewBorder(nil, nil, nil, container.New(layout.NewCustomPaddedLayout(0, 0, 8, 0), hbox(8, s.system, browse)), atLeast(input, 0, 32)))
}

func (s *settings) levelRow() fyne.CanvasObject {
	var labels []string
	for _, l := range viewmodel.Levels() {
		labels = append(labels, l.Label)
	}
	s.levels = newChoices(labels, func(i int) {
		s.typed(viewmodel.FieldPrivacy, string(viewmodel.Levels()[i].Value))
	})
	f := &field{edge: newOutline(colorNothing), set: func(string) {}}
	return s.line(viewmodel.FieldPrivacy, f, 250, container.NewHBox(layout.NewSpacer(), middle(s.levels.Container)))
}

// linesRow has its input beneath the words, since a line of it is long.
func (s *settings) linesRow(name viewmodel.Field, example string, keys shortcuts) fyne.CanvasObject {
	e := newLinesEntry(keys, func() *scroll { return s.scroll }, func(text string) { s.typed(name, text) })
	e.SetPlaceHolder(example)
	input, edge := edged(e)
	input.Add(e.wheel)
	return s.beneath(name, &field{edge: edge, set: func(text string) { setText(&e.entry, text) }}, input)
}

// beneath sets label and hint over an input as wide as the row.
func (s *settings) beneath(name viewmodel.Field, f *field, input fyne.CanvasObject) fyne.CanvasObject {
	f.hint = newWrapped("", textCaption, colorText2)
	f.row = container.New(layout.NewCustomPaddedLayout(6, 10, 0, 0),
		vbox(6, vbox(0, newText(name.Label(), textNormal, colorTextPlain), f.hint), input))
	s.fields[name] = f
	return f.row
}

func (s *settings) switchRow(name viewmodel.Field) fyne.CanvasObject {
	t := newToggle(func(on bool) { s.turn(name, on) })
	f := &field{edge: newOutline(colorNothing), set: func(string) {}, toggle: t}
	return s.line(name, f, switchWidth, middle(t))
}

// setText leaves an input alone that has the text already, and with it the
// cursor.
func setText(e *entry, text string) {
	if e.Text != text {
		e.SetText(text)
	}
}
