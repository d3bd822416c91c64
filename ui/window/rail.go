package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"dotproxy/assets"
	"dotproxy/ui/viewmodel"
)

const (
	railWide  float32 = 176
	railSmall float32 = 80
	// smallBelow is the window's width under which everything is small.
	smallBelow float32 = 840
)

// rail is the navigation on the left, with the state at its foot.
type rail struct {
	root  *panel
	brand *fyne.Container
	name  *text
	items []*railItem
	foot  *railItem
}

func newRail(open func(view string)) *rail {
	r := &rail{name: newBold("DoT Proxy", 15)}
	icon := canvas.NewImageFromResource(AppIcon())
	icon.FillMode = canvas.ImageFillContain
	icon.SetMinSize(fyne.NewSquareSize(28))
	r.brand = container.New(&brandLayout{}, icon, r.name)
	list := vbox(2, r.brand)
	for _, v := range pages() {
		item := newRailItem(v.icon(), v.label, func() { open(v.name) })
		r.items = append(r.items, item)
		list.Add(item)
	}
	r.foot = newRailItem(shield("starting"), "", func() { open(ViewHome) })
	r.foot.fixed, r.foot.bold = true, true
	column := container.NewBorder(nil, vbox(6, widget.NewSeparator(), r.foot), nil, nil, list)
	r.root = newPanel(container.New(layout.NewCustomPaddedLayout(8, 4, 8, 8), column), colorRail, "", 0, 0, 0)
	return r
}

// AppIcon is the application's icon.
func AppIcon() fyne.Resource { return fyne.NewStaticResource("app-icon.png", assets.AppPNG) }

// show fills the foot and marks the open view.
func (r *rail) show(v viewmodel.View, open string, small bool) {
	h := viewmodel.HeaderOf(v)
	r.name.Hidden = small
	for i, p := range pages() {
		item := r.items[i]
		item.selected, item.small = p.name == open, small
		item.Refresh()
	}
	r.foot.icon, r.foot.label, r.foot.caption, r.foot.small = shield(h.Icon), h.Short, viewmodel.Foot(v), small
	if small {
		r.foot.label = h.Brief
	}
	r.foot.Refresh()
	r.brand.Refresh()
	r.root.Refresh()
}

// brandLayout sets the name beside the icon, or the icon alone in the middle.
type brandLayout struct{}

// Layout implements fyne.Layout.
func (*brandLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	icon, name := objs[0], objs[1]
	icon.Resize(fyne.NewSquareSize(28))
	x := float32(5)
	if !name.Visible() {
		x = (size.Width - 28) / 2
	}
	icon.Move(fyne.NewPos(x, 8))
	height := name.MinSize().Height
	name.Move(fyne.NewPos(42, 22-height/2))
	name.Resize(fyne.NewSize(max(0, size.Width-42), height))
}

// MinSize implements fyne.Layout.
func (*brandLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(28, 46) }

// frameLayout sets the rail beside the view, and tells when the window becomes
// small or wide.
type frameLayout struct {
	small  bool
	resize func(small bool)
}

// Layout implements fyne.Layout.
func (f *frameLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	if small := size.Width < smallBelow; small != f.small {
		f.small = small
		f.resize(small)
	}
	width, margin := railWide, float32(20)
	if f.small {
		width, margin = railSmall, 14
	}
	objs[0].Move(fyne.Position{})
	objs[0].Resize(fyne.NewSize(width, size.Height))
	objs[1].Move(fyne.NewPos(width+margin, margin))
	objs[1].Resize(size.SubtractWidthHeight(width+2*margin, 2*margin))
}

// MinSize implements fyne.Layout. The views fit into 720 by 480; what they
// ask for beyond is not granted, so that opening one never moves the window.
func (f *frameLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(720, 480) }

// wholeLayout gives its object all the room, and tells when that is low. A
// window asks for the frame's least size whatever it shows.
type wholeLayout struct {
	frame   *frameLayout
	low     bool
	resized func()
}

// lowBelow is the window's height under which a first run's page is tight.
const lowBelow float32 = 590

// Layout implements fyne.Layout.
func (w *wholeLayout) Layout(objs []fyne.CanvasObject, size fyne.Size) {
	if low := size.Height < lowBelow; low != w.low {
		w.low = low
		w.resized()
	}
	for _, o := range objs {
		o.Move(fyne.Position{})
		o.Resize(size)
	}
}

// MinSize implements fyne.Layout.
func (w *wholeLayout) MinSize([]fyne.CanvasObject) fyne.Size { return w.frame.MinSize(nil) }
