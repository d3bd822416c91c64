package e2e_test

import (
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = "/StatusNotifierWatcher"
	itemName    = "org.kde.StatusNotifierItem"
	menuName    = "com.canonical.dbusmenu"
)

// panel is the part of a desktop that shows tray icons.
type panel struct {
	d *desk

	mu    sync.Mutex
	items []item
}

// item is a tray icon: the connection and object it is on.
type item struct {
	sender string
	path   dbus.ObjectPath
}

// startPanel starts to show tray icons.
func (d *desk) startPanel() *panel {
	d.t.Helper()
	p := &panel{d: d}
	if err := d.bus.Export(p, watcherPath, watcherName); err != nil {
		d.t.Fatal(err)
	}
	_, err := prop.Export(d.bus, watcherPath, prop.Map{watcherName: {
		"IsStatusNotifierHostRegistered": {Value: true, Emit: prop.EmitTrue},
		"RegisteredStatusNotifierItems":  {Value: []string{}, Emit: prop.EmitTrue},
		"ProtocolVersion":                {Value: int32(0), Emit: prop.EmitTrue},
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	if reply, err := d.bus.RequestName(watcherName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		d.t.Fatalf("the watcher's name: %v, %v", reply, err)
	}
	return p
}

// RegisterStatusNotifierItem is called by a tray icon with its path, or with a
// bus name that has the usual path.
func (p *panel) RegisterStatusNotifierItem(service string, sender dbus.Sender) *dbus.Error {
	i := item{sender: string(sender), path: dbus.ObjectPath(service)}
	if !strings.HasPrefix(service, "/") {
		i = item{sender: service, path: "/StatusNotifierItem"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items = append(p.items, i)
	return nil
}

// RegisterStatusNotifierHost belongs to the interface; nobody calls it here.
func (p *panel) RegisterStatusNotifierHost(string) *dbus.Error { return nil }

// icon returns the icon registered last.
func (p *panel) icon() (item, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.items) == 0 {
		return item{}, false
	}
	return p.items[len(p.items)-1], true
}

func (p *panel) property(name string) any {
	i, known := p.icon()
	if !known {
		return nil
	}
	v, err := p.d.bus.Object(i.sender, i.path).GetProperty(itemName + "." + name)
	if err != nil {
		return nil
	}
	return v.Value()
}

// node is an entry of the menu.
type node struct {
	id       int32
	props    map[string]dbus.Variant
	children []node
}

func (n node) label() string {
	s, _ := n.props["label"].Value().(string)
	return strings.ReplaceAll(s, "__", "_")
}
func (n node) ticked() bool  { s, _ := n.props["toggle-state"].Value().(int32); return s == 1 }
func (n node) enabled() bool { return n.flag("enabled") }
func (n node) visible() bool { return n.flag("visible") }
func (n node) isLine() bool  { s, _ := n.props["type"].Value().(string); return s == "separator" }
func (n node) flag(name string) bool {
	v, has := n.props[name]
	b, _ := v.Value().(bool)
	return !has || b
}

// menu reads the whole menu.
func (p *panel) menu() (root node, ok bool) {
	path, isPath := p.property("Menu").(dbus.ObjectPath)
	i, _ := p.icon()
	if !isPath {
		return node{}, false
	}
	var revision uint32
	var raw []any
	call := p.d.bus.Object(i.sender, path).Call(menuName+".GetLayout", 0, int32(0), int32(-1), []string{})
	if call.Store(&revision, &raw) != nil {
		return node{}, false
	}
	return newNode(raw), true
}

func newNode(raw []any) node {
	n := node{id: raw[0].(int32), props: raw[1].(map[string]dbus.Variant)}
	for _, child := range raw[2].([]dbus.Variant) {
		n.children = append(n.children, newNode(child.Value().([]any)))
	}
	return n
}

// text is the visible menu in one line: "-" for a separator, "(…)" for what
// cannot be clicked, "[…]" for what is ticked.
func (n node) text() string {
	var list []string
	for _, c := range n.children {
		title := c.label()
		switch {
		case !c.visible():
			continue
		case c.isLine():
			title = "-"
		case !c.enabled():
			title = "(" + title + ")"
		case c.ticked():
			title = "[" + title + "]"
		}
		list = append(list, title)
	}
	return strings.Join(list, "|")
}

// find returns the visible entry with a label that begins so, at any depth.
func (n node) find(label string) (node, bool) {
	for _, c := range n.children {
		if !c.visible() {
			continue
		}
		if strings.HasPrefix(c.label(), label) {
			return c, true
		}
		if deep, ok := c.find(label); ok {
			return deep, true
		}
	}
	return node{}, false
}

// text is the visible menu, empty while there is none.
func (p *panel) text() string {
	root, _ := p.menu()
	return root.text()
}

// awaitMenu polls until the menu's text contains part.
func (p *panel) awaitMenu(part string) {
	p.d.t.Helper()
	last := ""
	defer func() {
		if p.d.t.Failed() {
			p.d.t.Logf("the menu was %s", last)
		}
	}()
	p.d.await("the menu to say "+part, func() bool {
		last = p.text()
		return strings.Contains(last, part)
	})
}

// click clicks on the entry with a label that begins so, once it is there.
func (p *panel) click(label string) {
	p.d.t.Helper()
	var entry node
	p.d.await("the entry "+label, func() bool {
		root, _ := p.menu()
		var found bool
		entry, found = root.find(label)
		return found && entry.enabled()
	})
	i, _ := p.icon()
	path := p.property("Menu").(dbus.ObjectPath)
	call := p.d.bus.Object(i.sender, path).Call(menuName+".Event", 0, entry.id, "clicked", dbus.MakeVariant(int32(0)), uint32(0))
	if call.Err != nil {
		p.d.t.Fatalf("click on %s: %v", label, call.Err)
	}
}
