package main

import (
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dotproxy/app/daemon"
	"dotproxy/resolver/provider"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	set        *pflag.FlagSet
	port       number
	caBundle   string
	dns        []string
	listen     []string
	settings   string
	demo       bool
	supervised bool
}

// add declares the flags in the order in which help shows them.
func (f *serveFlags) add(set *pflag.FlagSet) {
	f.set = set
	f.port = number{want: "a port, a number from 1 to 65535", value: 53}
	set.VarP(&f.port, "port", "p", "answer on port `N`")
	set.StringVarP(&f.caBundle, "ca-bundle", "c", "", "PEM `FILE` of the authorities to trust (default: the system's)")
	set.StringArrayVarP(&f.dns, "dns", "d", nil, "`UPSTREAM` to ask: a provider's id, IP[:PORT]#NAME, IP[@PORT]#NAME, a bare IP,\n"+
		"tls://NAME[:PORT] or an sdns:// stamp; repeatable, in order of preference (default: "+provider.Default+")")
	set.StringSliceVarP(&f.listen, "listen", "l", nil, "`ADDR[,ADDR]` to answer on (default: "+strings.ReplaceAll(defaultListen, ",", " and ")+")")
	set.StringVar(&f.settings, "settings", "", "settings `FILE` (default: settings.toml in the user's configuration folder)")
	set.BoolVar(&f.demo, "demo", false, "ask a server inside this program: works without a network, saves nothing")
	set.BoolVar(&f.supervised, "supervised", false, "stay up and try again where the port is taken")
}

// completeFlags tells the shell what may stand after a flag.
func completeFlags(cmd *cobra.Command) {
	_ = cmd.RegisterFlagCompletionFunc("dns", completeProvider)
	_ = cmd.RegisterFlagCompletionFunc("port", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("listen", cobra.NoFileCompletions)
}

// completeProvider offers the ids of the known providers.
func completeProvider(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, p := range provider.All() {
		ids = append(ids, p.ID+"\t"+p.Name)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// overrides are the flags that were given.
func (f *serveFlags) overrides() daemon.Flags {
	var o daemon.Flags
	if f.set.Changed("listen") {
		o.Listen = append([]string{}, f.listen...)
	}
	if f.set.Changed("dns") {
		o.Upstreams = f.dns
	}
	if f.set.Changed("port") {
		o.Port = &f.port.value
	}
	if f.set.Changed("ca-bundle") {
		o.CABundle = &f.caBundle
	}
	return o
}

// check refuses flags that contradict one another.
func (f *serveFlags) check() error {
	for _, name := range []string{"dns", "ca-bundle"} {
		if f.demo && f.set.Changed(name) {
			return usageError{"--demo and --" + name + " cannot be used together: the demo asks only its own server."}
		}
	}
	if f.set.Changed("settings") && f.settings == "" {
		return usageError{"--settings needs the path of a file."}
	}
	return nil
}

// number is a flag that takes a whole number.
type number struct {
	want  string
	value int
}

var errNumber = errors.New("not a number")

// Set implements pflag.Value.
func (n *number) Set(text string) error {
	v, err := strconv.Atoi(text)
	if err != nil {
		return errNumber
	}
	n.value = v
	return nil
}

// String implements pflag.Value.
func (n *number) String() string { return strconv.Itoa(n.value) }

// Type implements pflag.Value.
func (n *number) Type() string { return "int" }

// Want says what kind of value the flag takes.
func (n *number) Want() string { return n.want }
