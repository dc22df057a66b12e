package shop

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sqreen/sqreen/agentkit/exechook"
	"github.com/sqreen/sqreen/agentkit/filehook"
)

// image serves a picture. Vulnerable on purpose: nothing keeps the name inside
// the directory.
func (s *Shop) image(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("file")
	data, err := readFile(r.Context(), filepath.Join(s.dir, "images")+string(filepath.Separator)+name)
	if err != nil {
		s.show(w, r, http.StatusNotFound, "error", view{Title: "No such picture", Data: err.Error()})
		return
	}
	kind := mime.TypeByExtension(filepath.Ext(name))
	if kind == "" {
		kind = http.DetectContentType(data)
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Demo", "vulnerable on purpose")
	_, _ = w.Write(data)
}

// maxFile bounds what one request can make the shop read into memory.
const maxFile = 8 << 20

func readFile(ctx context.Context, path string) ([]byte, error) {
	f, err := filehook.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

type healthView struct {
	Host   string
	Output string
	Failed string
}

// health asks whether a machine answers. Vulnerable on purpose: the name is
// part of a shell command.
func (s *Shop) health(w http.ResponseWriter, r *http.Request) {
	host := r.URL.Query().Get("host")
	if host == "" {
		host = "localhost"
	}
	v := healthView{Host: host}
	out, err := s.run(r.Context(), pingCommand()+host)
	v.Output = string(out)
	if err != nil {
		v.Failed = err.Error()
	}
	s.show(w, r, http.StatusOK, "health", view{Title: "Health", Data: v})
}

func pingCommand() string {
	if runtime.GOOS == "windows" {
		return "ping -n 1 -w 1000 "
	}
	return "ping -c 1 -W 1 "
}

// run runs a command line in a shell that knows nothing of this process's
// environment, which holds the agent's token.
func (s *Shop) run(ctx context.Context, commandLine string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/c"}
	}
	cmd := exechook.CommandContext(ctx, shell[0], shell[1], commandLine)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SystemRoot=" + os.Getenv("SystemRoot"), "LANG=C"}
	// What the shell started may hold its output open after it was killed.
	cmd.WaitDelay = time.Second
	var out limited
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

// limited keeps the first 64 KiB written to it.
type limited struct{ buf bytes.Buffer }

// Write never fails: what does not fit is left out.
func (l *limited) Write(p []byte) (int, error) {
	if room := 64<<10 - l.buf.Len(); room > 0 {
		l.buf.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// Bytes returns what was kept.
func (l *limited) Bytes() []byte { return l.buf.Bytes() }

type previewView struct {
	URL, Kind, Text string
}

// preview fetches an address and shows the beginning. Vulnerable on purpose:
// the shop reaches what its visitors do not.
func (s *Shop) preview(w http.ResponseWriter, r *http.Request) {
	address := r.URL.Query().Get("url")
	if address == "" {
		s.show(w, r, http.StatusOK, "preview", view{Title: "Link preview", Data: previewView{}})
		return
	}
	v, err := s.fetchPreview(r.Context(), address)
	if err != nil {
		s.show(w, r, http.StatusBadGateway, "error", view{Title: "No preview", Data: err.Error()})
		return
	}
	s.show(w, r, http.StatusOK, "preview", view{Title: "Link preview", Data: v})
}

func (s *Shop) fetchPreview(ctx context.Context, address string) (previewView, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return previewView{}, err
	}
	res, err := s.fetch.Do(req)
	if err != nil {
		return previewView{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err != nil {
		return previewView{}, err
	}
	return previewView{URL: address, Kind: res.Header.Get("Content-Type"), Text: string(text)}, nil
}
