package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/sqreen/sqreen/localplatform"
	"github.com/sqreen/sqreen/queries"
)

// promptKind says what a prompt asks for.
type promptKind int

const (
	promptNone promptKind = iota
	promptFilter
	promptFind
	promptCommand
	promptAssign
	promptNote
)

// prompt is the line at the bottom in which a person types.
type prompt struct {
	kind    promptKind
	label   string
	edit    editor
	schema  *queries.Schema // for queries
	options []option        // for commands
	now     func() time.Time
	wrong   *queries.Error
	known   map[string][]string // values by field and prefix
	missing string              // values that completion would like to have
	found   []queries.Suggestion
	chosen  int // index of found, -1 for none
}

// option is one word a command may begin with.
type option struct{ name, doc string }

// valuesLoadedMsg carries values for completion.
type valuesLoadedMsg struct {
	ticket
	key    string
	values []string
	err    error
}

func (p *prompt) open() bool { return p.kind != promptNone }

// typed looks at the text again after a change.
func (p *prompt) typed() {
	p.wrong, p.missing, p.found, p.chosen = nil, "", nil, -1
	text := p.edit.String()
	switch {
	case p.schema != nil:
		if _, err := queries.Compile(text, p.schema, p.now()); err != nil {
			p.wrong, _ = asQueryError(err)
		}
		p.found = queries.Complete(text, p.edit.at, p.schema, p.values)
	case p.options != nil:
		p.found = completeOption(p.options, text)
	}
	if len(p.found) == 1 && p.found[0].Text == string(p.edit.text[min(p.found[0].Start, len(p.edit.text)):min(p.found[0].End, len(p.edit.text))]) {
		p.found = nil // it stands there already
	}
}

// values answers completion from what is known, and notes what is not.
func (p *prompt) values(field, prefix string) []string {
	key := field + "\x00" + prefix
	v, ok := p.known[key]
	if !ok {
		p.missing = key
	}
	return v
}

func completeOption(options []option, text string) []queries.Suggestion {
	if strings.Contains(text, " ") {
		return nil
	}
	var out []queries.Suggestion
	for _, o := range options {
		if strings.HasPrefix(o.name, text) {
			out = append(out, queries.Suggestion{Text: o.name, End: len([]rune(text)), Doc: o.doc, Kind: queries.KindKeyword})
		}
	}
	return out
}

// valuesCmd asks the platform for values that completion lacks.
func (p *prompt) valuesCmd(s *source) tea.Cmd {
	if p.missing == "" || p.schema == nil {
		s.cancel(slotComplete)
		return nil
	}
	key, schema := p.missing, p.schema.Name
	field, prefix, _ := strings.Cut(key, "\x00")
	return ask(s, slotComplete, func(ctx context.Context, pf localplatform.Platform) ([]string, error) {
		return pf.Values(ctx, schema, field, prefix)
	}, func(t ticket, v []string, err error) tea.Msg { return valuesLoadedMsg{t, key, v, err} })
}

func (p *prompt) valuesLoaded(msg valuesLoadedMsg) {
	if p.known == nil {
		p.known = map[string][]string{}
	}
	p.known[msg.key] = msg.values // none after an error: it is not asked again while typing
	chosen := p.chosen
	p.typed()
	p.chosen = min(chosen, len(p.found)-1)
}

// key edits the line. done says that enter was pressed, left that esc was.
func (p *prompt) key(k tea.KeyPressMsg) (done, left bool) {
	switch k.String() {
	case "enter":
		if p.chosen >= 0 {
			p.take()
			return false, false
		}
		return p.wrong == nil, false
	case "esc", "ctrl+c":
		if p.chosen >= 0 {
			p.chosen = -1
			return false, false
		}
		return false, true
	case "tab":
		p.chosen = max(p.chosen, 0)
		p.take()
	case "down", "ctrl+n":
		p.choose(1)
	case "up", "ctrl+p":
		p.choose(-1)
	default:
		if p.edit.key(k) {
			p.typed()
		}
	}
	return false, false
}

func (p *prompt) choose(n int) {
	if len(p.found) > 0 {
		p.chosen = (max(p.chosen, -1+max(-n, 0)) + n + len(p.found)) % len(p.found)
	}
}

// take puts the chosen suggestion into the text.
func (p *prompt) take() {
	if p.chosen < 0 || p.chosen >= len(p.found) {
		return
	}
	s := p.found[p.chosen]
	text := p.edit.text
	from, to := min(s.Start, len(text)), min(s.End, len(text))
	word := []rune(s.Text)
	p.edit.text = slices.Concat(text[:from], word, text[to:])
	p.edit.at = from + len(word)
	if p.options != nil {
		p.edit.insert(" ")
	}
	p.typed()
}

// menu draws the suggestions, the chosen one in view.
func (p *prompt) menu(w, h int, st *styles) []string {
	if len(p.found) == 0 || h <= 0 {
		return nil
	}
	h = min(h, 8, len(p.found))
	top := max(0, min(p.chosen-h/2, len(p.found)-h))
	width := min(28, w/2)
	out := make([]string, 0, h)
	for i := top; i < top+h; i++ {
		s := p.found[i]
		line := fit("   "+clean(s.Text), width) + fit(" "+clean(s.Doc), max(0, w-width))
		if i == p.chosen {
			line = st.selected.on(fit(" > "+clean(s.Text), width) + fit(" "+clean(s.Doc), max(0, w-width)))
		}
		out = append(out, line)
	}
	return out
}

// view draws the line with its cursor, and under it what is wrong or what to do.
func (p *prompt) view(w int, st *styles) (line, below string) {
	label := p.label + " "
	labelWidth := min(len([]rune(label)), w)
	shown, cell, first := p.edit.view(w - labelWidth)
	line = st.key.on(fit(label, labelWidth)) + withCursor(shown, cell, w-labelWidth, st)
	if p.wrong == nil {
		return line, st.dim.on(fit(p.hint(), w))
	}
	at := labelWidth + columnOf(p.edit.text, first, p.wrong.Column-1)
	return line, p.caret(at, w, st)
}

func (p *prompt) hint() string {
	switch p.kind {
	case promptFilter, promptFind:
		return "enter applies, tab completes, up and down choose, esc leaves"
	case promptCommand:
		return "enter runs, tab completes, esc leaves"
	case promptNone, promptAssign, promptNote:
	}
	return "enter saves, esc leaves"
}

// columnOf is the cell of a character of the text, counted from the one the view begins with.
func columnOf(text []rune, first, i int) int {
	i = max(first, min(i, len(text)))
	n := 0
	for _, r := range text[first:i] {
		n += runeWidth(r)
	}
	return n
}

// caret points at the column of an error and says what is wrong beside it.
func (p *prompt) caret(at, w int, st *styles) string {
	text := p.wrong.Message
	if p.wrong.Hint != "" {
		text += "; " + p.wrong.Hint
	}
	text = clean(text)
	n := max(1, min(p.wrong.End-p.wrong.Column, 20))
	sign := strings.Repeat("^", n)
	if at+n+1+len(text) <= w || at < len(text) {
		return st.bad.on(fit(spaces(min(at, w-1))+sign+" "+text, w))
	}
	return st.bad.on(fit(spaces(at-len(text)-1)+text+" "+sign, w))
}

// withCursor shows one cell of a line reversed.
func withCursor(s string, at, w int, st *styles) string {
	if w <= 0 {
		return ""
	}
	s = fit(s, w)
	runes := []rune(s)
	cells := 0
	for i, r := range runes {
		if cells >= at {
			return string(runes[:i]) + st.selected.on(string(r)) + string(runes[i+1:])
		}
		cells += runeWidth(r)
	}
	return s
}
