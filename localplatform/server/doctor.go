package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/localplatform/sqlite"
)

const (
	lowDisk      = 1 << 30 // bytes free below which retention may come too late
	clockSkew    = 2 * time.Minute
	maxDoctorLog = 5 // names in one line
)

// Doctor checks a data directory and the platform on it, or with a URL only the
// platform. It changes nothing.
func Doctor(ctx context.Context, o ConnectOptions) []Check {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &doctor{opt: o}
	if o.URL == "" {
		data, err := dataDir(o.Data)
		if err != nil {
			return []Check{failed("data directory", err)}
		}
		d.opt.Data = data
		if !d.directory() {
			return d.checks
		}
		d.disk()
		d.token()
		d.lock(ctx)
		d.integrity(ctx)
	}
	d.platform(ctx)
	return d.checks
}

type doctor struct {
	opt    ConnectOptions
	checks []Check
}

func (d *doctor) ok(name, format string, args ...any) {
	d.checks = append(d.checks, Check{Name: name, Status: CheckOK, Detail: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(name, detail, fix string) {
	d.checks = append(d.checks, Check{Name: name, Status: CheckWarning, Detail: detail, Fix: fix})
}

func failed(name string, err error) Check {
	return Check{Name: name, Status: CheckFailed, Detail: err.Error(), Fix: localplatform.ErrorHint(err)}
}

// directory checks that the data directory is there and nobody else's.
func (d *doctor) directory() bool {
	const name = "data directory"
	info, err := os.Stat(d.opt.Data)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.warn(name, "there is none at "+d.opt.Data, "start a platform with: sqreen serve")
		return false
	case err != nil:
		d.checks = append(d.checks, failed(name, err))
		return false
	case !info.IsDir():
		d.checks = append(d.checks, Check{Name: name, Status: CheckFailed, Detail: d.opt.Data + " is not a directory", Fix: "name another one with --data DIR"})
		return false
	case info.Mode().Perm()&0o077 != 0:
		d.warn(name, fmt.Sprintf("others on this machine may look into %s (%s)", d.opt.Data, info.Mode().Perm()), "chmod 700 "+d.opt.Data)
	default:
		d.ok(name, "%s", d.opt.Data)
	}
	return true
}

func (d *doctor) disk() {
	const name = "disk space"
	free, known := diskFree(d.opt.Data)
	switch {
	case !known:
	case free < lowDisk:
		d.warn(name, fmt.Sprintf("%.1f GB are free where the data is", float64(free)/1e9), "make room, or keep less: sqreen serve --max-size or --retention")
	default:
		d.ok(name, "%.1f GB free", float64(free)/1e9)
	}
}

// token checks the file with the operator token of the first start.
func (d *doctor) token() {
	const name = "operator token file"
	path := filepath.Join(d.opt.Data, OperatorTokenName)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok(name, "none; commands on this machine do not need one")
	case err != nil:
		d.checks = append(d.checks, failed(name, err))
	case info.Mode().Perm()&0o077 != 0:
		d.checks = append(d.checks, Check{
			Name: name, Status: CheckFailed, Detail: fmt.Sprintf("others on this machine may read %s (%s)", path, info.Mode().Perm()),
			Fix: "chmod 600 " + path + ", and make a new token if somebody did: sqreen tokens create --operator NAME --role admin",
		})
	default:
		d.ok(name, "only its owner may read it")
	}
}

func (d *doctor) lock(ctx context.Context) {
	const name = "running platform"
	owner, held := sqlite.Holder(d.opt.Data)
	c, answers := connectSocket(ctx, d.opt.Data, d.opt.Version)
	if answers {
		_ = c.Close()
	}
	switch {
	case held && answers:
		d.ok(name, "%s", owner)
	case held:
		d.warn(name, fmt.Sprintf("%s has the data, but does not answer on its socket", owner), "it may be starting, or run without a socket: reach it with --url")
	default:
		d.ok(name, "none; commands read the data themselves")
	}
}

// integrity reads all of the data.
func (d *doctor) integrity(ctx context.Context) {
	const name = "store"
	store, err := sqlite.Open(d.opt.Data, sqlite.Options{Now: d.opt.Now, ReadOnly: true})
	if err != nil {
		d.checks = append(d.checks, failed(name, err))
		return
	}
	err = errors.Join(store.Check(ctx), store.Close())
	if err != nil {
		d.checks = append(d.checks, Check{Name: name, Status: CheckFailed, Detail: err.Error(), Fix: "restore a copy of the data directory, or remove the damaged event file"})
		return
	}
	d.ok(name, "no damage found")
}

// platform asks the platform how it is, and what its agents are doing.
func (d *doctor) platform(ctx context.Context) {
	p, err := Connect(ctx, d.opt)
	if err != nil {
		d.checks = append(d.checks, failed("platform", err))
		return
	}
	defer p.Close() //nolint:errcheck // only asked
	st, err := p.Status(ctx)
	if err != nil {
		d.checks = append(d.checks, failed("platform", err))
		return
	}
	d.ok("platform", "version %s, %s, %d events", st.Version, st.Mode, st.Events)
	if skew := st.Now.Sub(d.opt.Now()); skew.Abs() > clockSkew {
		d.warn("clock", fmt.Sprintf("the platform's clock differs by %s from this one", skew.Round(time.Second)), "set the clocks by NTP: incidents and expiries go by them")
	} else {
		d.ok("clock", "agrees")
	}
	for _, problem := range st.Problems {
		d.checks = append(d.checks, Check{Name: "store", Status: CheckFailed, Detail: problem, Fix: "see the platform's log"})
	}
	if lag := st.LastPos - st.Detected; lag > 0 {
		d.warn("detectors", fmt.Sprintf("%d events are not looked at yet", lag), "they catch up by themselves; if not, see the platform's log")
	} else {
		d.ok("detectors", "have read everything")
	}
	d.agents(ctx, p, st)
}

// agents looks for apps that went silent and configuration that did not arrive.
func (d *doctor) agents(ctx context.Context, p localplatform.Platform, st localplatform.Status) {
	apps, err := p.Apps(ctx, "")
	if err != nil {
		d.checks = append(d.checks, failed("agents", err))
		return
	}
	var silent, waiting []string
	for _, a := range apps {
		switch a.Status {
		case "silent":
			silent = append(silent, a.Name+"/"+a.Env)
		case "waiting":
			waiting = append(waiting, a.Name+"/"+a.Env)
		}
	}
	switch {
	case len(silent) > 0:
		d.warn("agents", "no word lately from "+listed(silent), "is the app running? sqreen inventory show NAME")
	case len(waiting) > 0:
		d.warn("agents", "never heard of "+listed(waiting), "start the app with SQREEN_URL and SQREEN_TOKEN set")
	default:
		d.ok("agents", "%d apps, %d instances", len(apps), st.Instances)
	}
	d.configuration(ctx, p, st)
}

func (d *doctor) configuration(ctx context.Context, p localplatform.Platform, st localplatform.Status) {
	instances, err := p.Instances(ctx, "", "")
	if err != nil {
		d.checks = append(d.checks, failed("configuration", err))
		return
	}
	var pending []string
	for _, i := range instances {
		if status := i.PushStatus(st.Config, st.Now); status == "pending" || status == "sent" {
			pending = append(pending, i.App+"/"+i.Env)
		}
	}
	slices.Sort(pending)
	if pending = slices.Compact(pending); len(pending) > 0 {
		d.warn("configuration", fmt.Sprintf("version %d is not in force everywhere: %s", st.Config, listed(pending)), "it arrives with the next heartbeat; see sqreen inventory show NAME")
		return
	}
	d.ok("configuration", "version %d is in force on every connected agent", st.Config)
}

func listed(names []string) string {
	if len(names) > maxDoctorLog {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxDoctorLog], ", "), len(names)-maxDoctorLog)
	}
	return strings.Join(names, ", ")
}
