package evaluation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sqreen/sqreen/cmd/internal/cmdutil"
	"github.com/sqreen/sqreen/cmd/internal/printer"
	"github.com/sqreen/sqreen/localplatform"
)

// Options are what all evaluations of labelled lines share.
type Options struct {
	*cmdutil.Factory
	Print   printer.Options
	Misses  string // file for what was judged wrongly, "" for none
	SkipBad bool
}

// Flags adds the flags to a command. printed is the type that --json writes,
// which other flags may decide.
func (o *Options) Flags(cmd *cobra.Command, printed func() reflect.Type) {
	fl := cmd.Flags()
	fl.StringVar(&o.Misses, "misses", "", "write what was judged wrongly to a `file`, as JSON lines")
	fl.BoolVar(&o.SkipBad, "skip-bad", false, "skip lines that cannot be read, and count them")
	cmdutil.Must(cmd.MarkFlagFilename("misses", "jsonl"))
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if v, ok := cmd.Flags().Lookup("json").Value.(pflag.SliceValue); ok && slices.Equal(v.GetSlice(), []string{allFields}) {
			return v.Replace(printer.FieldNames(printed()))
		}
		return nil
	}
	cmdutil.OutputFlagsFor(cmd, &o.Print, printed, nil)
	fl.Lookup("json").NoOptDefVal = allFields
	fl.Lookup("json").Usage = "write JSON with all fields, or with the `fields` after ="
}

// allFields is what --json without fields means here. Elsewhere it lists the
// fields; these reports are made for machines, and have few.
const allFields = "all"

// Lines evaluates a file of labelled lines and prints the report. example is a
// line as it should be.
func (o *Options) Lines(ctx context.Context, file, example string, judge Judge) error {
	in, size, err := o.openSized(file)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := o.keepsInput(file); err != nil {
		return err
	}
	var report Report
	err = o.withMisses(func(w io.Writer) (err error) {
		p := o.progress(file, size)
		defer p.end()
		report, err = Run(ctx, in, judge, Settings{SkipBad: o.SkipBad, Misses: w, Progress: p.told})
		return err
	})
	if err != nil {
		return badLine(file, example, err)
	}
	return o.Show(&report)
}

// badLine says which file a complaint is about and how a line should look.
func badLine(file, example string, err error) error {
	if errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "line ") {
		return err
	}
	return localplatform.Errorf(localplatform.CodeInvalid, "%s: %w", InputName(file), err).
		WithHint("a line looks like %s; --skip-bad leaves out those that do not", example)
}

// openSized opens a file for reading, "-" for standard input; its size is 0 when it
// is not known.
func (o *Options) openSized(file string) (io.ReadCloser, int64, error) {
	if file == "-" {
		return io.NopCloser(o.IO.In), 0, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		f.Close()
		return nil, 0, localplatform.Errorf(localplatform.CodeInvalid, "%s is a directory", file)
	}
	return f, info.Size(), nil
}

// InputName says what is read, for people.
func InputName(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// keepsInput refuses to write the misses over what is read.
func (o *Options) keepsInput(file string) error {
	if o.Misses == "" || file == "-" {
		return nil
	}
	in, err := os.Stat(file)
	if err != nil {
		return err
	}
	if out, err := os.Stat(o.Misses); err == nil && out.Mode().IsRegular() && os.SameFile(in, out) {
		return localplatform.Errorf(localplatform.CodeInvalid, "--misses would replace %s, which is read", file)
	}
	return nil
}

// withMisses runs fn with the file of --misses, nil without one. The file
// appears when all went well.
func (o *Options) withMisses(fn func(io.Writer) error) error {
	if o.Misses == "" {
		return fn(nil)
	}
	return cmdutil.WriteFile(o.Misses, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		if err := fn(out); err != nil {
			return err
		}
		return out.Flush()
	})
}

// progressEvery is how often the number in the progress changes.
const progressEvery = 5 * time.Second

// progress keeps the terminal informed.
type progress struct {
	o       *Options
	name    string
	size    int64
	changed time.Time
	stop    func()
}

func (o *Options) progress(file string, size int64) *progress {
	p := &progress{o: o, name: InputName(file), size: size, changed: o.Now()}
	p.stop = o.IO.Progress("judging " + p.name)
	return p
}

func (p *progress) told(lines int, bytes int64) {
	if now := p.o.Now(); now.Sub(p.changed) >= progressEvery {
		p.changed = now
		p.stop()
		p.stop = p.o.IO.Progress(p.text(lines, bytes))
	}
}

func (p *progress) end() { p.stop() }

func (p *progress) text(lines int, bytes int64) string {
	text := fmt.Sprintf("judging %s: %s", p.name, printer.Count(int64(lines), "line", "lines"))
	if p.size > 0 {
		text += fmt.Sprintf(", %d %%", min(100, bytes*100/p.size))
	}
	return text
}

// Open opens a file for reading, "-" for standard input.
func (o *Options) Open(file string) (io.ReadCloser, error) {
	in, _, err := o.openSized(file)
	return in, err
}
