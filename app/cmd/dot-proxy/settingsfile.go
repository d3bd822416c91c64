package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/natefinch/atomic"
	"github.com/spf13/cobra"

	"dotproxy/app/control"
	"dotproxy/app/settings"
)

func (c *command) exportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "export FILE", Short: "Write all settings into a file, as settings.toml has them",
		Example: "  dot-proxy settings export mine.toml",
		Args:    oneFile("export", "where to write"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := c.client().Settings(cmd.Context())
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := settings.Write(&b, s); err != nil {
				return err
			}
			if err := atomic.WriteFile(args[0], &b); err != nil {
				return errors.New("The settings could not be written to " + quote(args[0]) + ": " + fileReason(err) + ".")
			}
			return nil
		},
	}
}

func (c *command) importCommand() *cobra.Command {
	return c.withJSON(&cobra.Command{
		Use: "import FILE", Short: "Take all settings from a file, now and for the next start",
		Long: `Take all settings from a file such as export writes, now and for the next start.

Keys that are missing in it get their defaults. A file with a fault changes
nothing.`,
		Example: "  dot-proxy settings import mine.toml",
		Args:    oneFile("import", "what to read"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := readSettings(args[0])
			if err != nil {
				return err
			}
			if err := c.client().Apply(cmd.Context(), s); err != nil {
				// The command line is fine; it is the engine that refuses.
				return errors.New(err.Error() + " Nothing was changed.")
			}
			return c.printSettings(s)
		},
	})
}

// readSettings reads a file of settings; all that is wrong with it is the
// user's to correct.
func readSettings(path string) (control.Settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return control.Settings{}, usageError{quote(path) + " cannot be read: " + fileReason(err) + "."}
	}
	defer f.Close()
	return settings.Read(path, f)
}

func oneFile(verb, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usageError{fmt.Sprintf("dot-proxy settings %s needs one file, %s, such as mine.toml.", verb, what)}
		}
		return nil
	}
}

// fileReason is the system's word for err, without the path.
func fileReason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file or folder"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
