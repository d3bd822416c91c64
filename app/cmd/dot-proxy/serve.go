package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"dotproxy/app/activation"
	"dotproxy/app/control"
	"dotproxy/app/daemon"
	"dotproxy/app/demo"
	"dotproxy/app/settings"
)

// endPatience is how long queries under way are waited for at the end: as long
// as one may take, and less than service managers give.
const endPatience = 5 * time.Second

// quitGrace lets the readers of events hear of the end before it comes.
const quitGrace = 50 * time.Millisecond

func (c *command) serveCommand() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use: "serve", Short: "Answer queries until interrupted (as dot-proxy does without a command)", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), &flags) },
	}
	cmd.Flags().SortFlags = false
	flags.add(cmd.Flags())
	completeFlags(cmd)
	return cmd
}

// serve runs the engine until ctx ends or a client quits it.
func (c *command) serve(ctx context.Context, flags *serveFlags) error {
	if err := flags.check(); err != nil {
		return err
	}
	keepSmall()
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	opts, endDemo, err := c.options(ctx, flags)
	if err != nil {
		return err
	}
	defer endDemo()
	if err := takeSockets(&opts); err != nil {
		return err
	}
	manager := activation.NewManager(os.Getenv)
	tell := teller(opts.Logger)
	opts.OnStatus = func(s control.Status) { tell(manager.Status(s.Sentence)) }
	opts.Quit = func() { time.AfterFunc(quitGrace, quit) }
	d, err := daemon.New(opts)
	if err != nil {
		return err
	}
	endControl, err := c.serveControl(d, opts.Logger)
	if err != nil {
		closeDaemon(d)
		return err
	}
	defer endControl()   // once the socket is gone,
	defer closeDaemon(d) // the port is free
	build := thisBuild()
	opts.Logger.Info("DoT Proxy starts", "version", build.Version, "process", os.Getpid())
	if err := d.Start(ctx); err != nil && !flags.supervised && ctx.Err() == nil {
		return err
	}
	tell(manager.Ready())
	<-ctx.Done()
	tell(manager.Stopping())
	opts.Logger.Info("DoT Proxy ends")
	return nil
}

// options turns flags into what the daemon is made from; end ends the demo's
// server.
func (c *command) options(ctx context.Context, flags *serveFlags) (o daemon.Options, end func(), err error) {
	o = daemon.Options{
		SettingsPath: flags.settings, Flags: flags.overrides(), Version: thisBuild().Version,
		Managed: managed(os.Getenv, os.Getpid(), os.Getppid()), Logger: c.logger(),
	}
	if list := strings.Split(defaultListen, ","); !slices.Equal(list, control.Default().Listen) {
		o.DefaultListen = list
	}
	_, system := control.ListenPath(c.control)
	o.CachePath = settings.CachePath(system, flags.settings)
	o.StatisticsPath = settings.StatisticsPath(system, flags.settings)
	if o.SettingsPath == "" {
		// Without a home there is no path: settings are then the default.
		o.SettingsPath, _ = settings.Path(system)
	}
	if !flags.demo {
		return o, func() {}, nil
	}
	// It ends after the daemon, which still finishes the queries under way.
	server, err := demo.Start(context.WithoutCancel(ctx))
	if err != nil {
		return o, nil, errors.New("The demo’s server cannot be started: " + err.Error() + ".")
	}
	o.Demo = &daemon.Demo{Upstream: server.Upstream(), Roots: server.Roots()}
	return o, server.Close, nil
}

// takeSockets takes over what a service manager opened for this process.
func takeSockets(o *daemon.Options) error {
	sockets, err := activation.Take()
	if err != nil {
		return usageError{err.Error()}
	}
	if addrs := sockets.Addrs(); len(addrs) > 0 {
		o.Logger.Info("the service manager passed sockets", "addresses", addrs)
		o.Sockets = sockets
	}
	return nil
}

// teller returns what logs the first error of telling the service manager.
func teller(log *slog.Logger) func(error) {
	var once sync.Once
	return func(err error) {
		if err != nil {
			once.Do(func() { log.Warn("the service manager could not be told", "error", err) })
		}
	}
}

// logger writes short lines with date and time to stderr.
func (c *command) logger() *slog.Logger {
	log.SetOutput(c.stderr)
	return slog.Default()
}

// managed tells whether somebody starts the process again when it ends: systemd
// (which also sets INVOCATION_ID for whatever a user starts in a session of
// its), or a container whose first process this is.
func managed(env func(string) string, pid, parent int) bool {
	if pid == 1 {
		return true
	}
	return env("INVOCATION_ID") != "" && (parent == 1 || env("SYSTEMD_EXEC_PID") == strconv.Itoa(pid))
}

// serveControl opens the control socket. An engine that cannot have one works
// all the same, save where the user named its path.
func (c *command) serveControl(d *daemon.Daemon, logger *slog.Logger) (end func(), err error) {
	path, system := control.ListenPath(c.control)
	l, err := control.Listen(path, system)
	if err != nil {
		p, ok := errors.AsType[*control.Problem](err)
		switch {
		case ok && p.Code == control.CodeRunning:
			return nil, err
		case c.control != "":
			return nil, usageError{err.Error()}
		}
		logger.Warn("no control socket: status, use and other commands will not reach this engine", "path", path, "error", err)
		return func() {}, nil
	}
	return serveAPI(control.NewServer(d, logger), l, logger), nil
}

func serveAPI(server *control.Server, l net.Listener, logger *slog.Logger) (end func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); err != nil {
			logger.Error("the control socket failed", "error", err)
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		<-done
	}
}

func closeDaemon(d *daemon.Daemon) {
	ctx, cancel := context.WithTimeout(context.Background(), endPatience)
	defer cancel()
	_ = d.Close(ctx)
}
