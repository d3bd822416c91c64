package e2e_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"
)

// panelSize is the height of the panel in pixels. It lies along the upper edge
// of the screen, with the icons at its left end.
const panelSize = 40

// xfceConfig has a panel with nothing but icons; it takes whether it is dark,
// its height, and twice the size of icons.
const xfceConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="%t"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="%d"/>
      <property name="icon-size" type="uint" value="%d"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="icon-size" type="int" value="%d"/>
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
`

// startXfce starts the panel of Xfce with icons of so many pixels. Its icon is
// there after adopt.
func (d *desk) startXfce(icons int, dark bool) *panel {
	d.t.Helper()
	file := filepath.Join(d.dir, ".config", "xfce4", "xfconf", "xfce-perchannel-xml", "xfce4-panel.xml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, xfceConfig, dark, panelSize, icons, icons), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.xdotool("mousemove", "600", "500") // an icon under the pointer is lit
	cmd := exec.Command("xfce4-panel", "--disable-wm-check")
	cmd.Env = d.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		d.t.Fatal("xfce4-panel: ", err)
	}
	d.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	return &panel{d: d}
}

// adopt waits for the tray's icon in a panel that is not ours.
func (p *panel) adopt() {
	p.d.t.Helper()
	p.d.await("an icon in the panel", func() bool {
		v, err := p.d.bus.Object(watcherName, watcherPath).GetProperty(watcherName + ".RegisteredStatusNotifierItems")
		list, _ := v.Value().([]string)
		if err != nil || len(list) != 1 {
			return false
		}
		sender, path, found := strings.Cut(list[0], "/")
		p.mu.Lock()
		defer p.mu.Unlock()
		p.items = []item{{sender: sender, path: dbus.ObjectPath("/" + path)}}
		return found
	})
}

func (d *desk) xdotool(args ...string) string {
	d.t.Helper()
	out, err := exec.Command("xdotool", args...).Output()
	if err != nil {
		d.t.Fatalf("xdotool %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// shot is a picture of a part of the screen.
func (d *desk) shot(part image.Rectangle) image.Image {
	d.t.Helper()
	crop := fmt.Sprintf("%dx%d+%d+%d", part.Dx(), part.Dy(), part.Min.X, part.Min.Y)
	out, err := exec.Command("import", "-window", "root", "-crop", crop, "+repage", "png:-").Output()
	if err != nil {
		d.t.Fatal("import: ", err)
	}
	pic, err := png.Decode(bytes.NewReader(out))
	if err != nil {
		d.t.Fatal(err)
	}
	return pic
}

// keep writes a picture among the test's artifacts.
func (d *desk) keep(name string, pic image.Image) {
	d.t.Helper()
	file, err := os.Create(filepath.Join(d.t.ArtifactDir(), name+".png"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, pic); err != nil {
		d.t.Fatal(err)
	}
}
