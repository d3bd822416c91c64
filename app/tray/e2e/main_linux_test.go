// Package e2e_test drives the real tray with a real engine on a virtual
// display, the way a panel does: over D-Bus.
package e2e_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	gate   = "DOTPROXY_GUI_TESTS"
	inside = "DOTPROXY_GUI_TESTS_INSIDE"
)

// programs is the folder with the programs under test.
var programs string

// TestMain runs the tests in a network of their own, where a provider's real
// address is on loopback.
func TestMain(m *testing.M) {
	if os.Getenv(gate) != "1" {
		os.Exit(m.Run())
	}
	if os.Getenv(inside) != "1" {
		os.Exit(rerun())
	}
	status, err := runInside(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// rerun starts this test again with a network and mounts of its own.
func rerun() int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runInside(m *testing.M) (int, error) {
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"address", "add", quad9Address + "/32", "dev", "lo"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return 1, fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	if err := hideOthers(); err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "dpt")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	programs = filepath.Join(dir, "bin")
	if err := build(programs); err != nil {
		return 1, err
	}
	stop, err := startDisplay()
	if err != nil {
		return 1, err
	}
	defer stop()
	status := m.Run()
	if left := leftOver(dir); len(left) > 0 {
		return 1, fmt.Errorf("processes left behind: %v", left)
	}
	return status, nil
}

// hideOthers covers the folder of the system's control socket, as a tray would
// join an engine that runs there, those of the guard of system DNS and of the
// system's D-Bus, as a change there would be this computer's, and that of the X
// servers' sockets, as two servers in different networks take the same number.
func hideOthers() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts of its own: %w", err)
	}
	const displays = "/tmp/.X11-unix"
	if err := os.Mkdir(displays, 0o777); err == nil {
		err = os.Chmod(displays, 0o777|os.ModeSticky)
		if err != nil {
			return err
		}
	}
	for _, folder := range []string{displays, "/run", "/var/lib"} {
		if _, err := os.Stat(folder); err != nil {
			continue
		}
		if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "mode=1777"); err != nil {
			return fmt.Errorf("cover %s: %w", folder, err)
		}
	}
	return nil
}

// build makes the tray, with the race detector, the engine, and in the place of
// the window a script that notes how it was called.
func build(to string) error {
	for _, args := range [][]string{{"-race", "dotproxy/app/cmd/dot-proxy-tray"}, {"dotproxy/app/cmd/dot-proxy"}} {
		cmd := exec.Command("go", append([]string{"build", "-o", to + "/"}, args...)...)
		if len(args) == 1 {
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %v: %w\n%s", args, err, out)
		}
	}
	script := "#!/bin/sh\necho \"cache=$FYNE_CACHE $*\" >>\"$WINDOW_LOG\"\n"
	return os.WriteFile(filepath.Join(to, "dot-proxy-window"), []byte(script), 0o755)
}

// startDisplay starts an X server, sets DISPLAY and waits until a client can
// connect.
func startDisplay() (stop func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	// Without -noreset the server shuts its clients out for a moment whenever
	// the last one has gone.
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1100x760x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{write}
	said := new(bytes.Buffer)
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = cmd.Start()
	write.Close()
	if err != nil {
		return nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	number, err := bufio.NewReader(read).ReadString('\n')
	if err == nil {
		err = os.Setenv("DISPLAY", ":"+strings.TrimSpace(number))
	}
	if err == nil {
		err = awaitDisplay()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("Xvfb: %w: %s", err, said)
	}
	return stop, nil
}

func awaitDisplay() (err error) {
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		var out []byte
		if out, err = exec.Command("xdotool", "getmouselocation").CombinedOutput(); err == nil || errors.Is(err, exec.ErrNotFound) {
			return err
		}
		err = fmt.Errorf("%w: %s", err, out)
	}
	return err
}

// leftOver ends the processes whose program is in dir and names them.
func leftOver(dir string) (found []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		program, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(program, dir+"/") {
			continue
		}
		pid := strings.Split(link, "/")[2]
		line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		found = append(found, pid+" "+string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		kill(pid)
	}
	return found
}
