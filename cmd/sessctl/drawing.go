package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fatih/color"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/internal/anatomy"
	"github.com/sessctl/sessctl/internal/termtext"
)

// drawing lays out what inspect shows: aligned columns and, on a terminal,
// bars in proportion to the bytes.
type drawing struct {
	*inspect
	width int // of the terminal; 0: no bars
	color bool
	drawn int // results so far
}

func (i *inspect) newDrawing() *drawing {
	d := &drawing{inspect: i, color: i.env.useColor(i.color, i.toTerminal(i.env))}
	if i.toTerminal(i.env) {
		d.width = max(minWidth, i.env.width())
	}
	return d
}

// minWidth is the width below which lines are not made any narrower.
const minWidth = 30

// The parts of a value in the picture, told apart by texture and by colour.
var (
	textures   = []string{"█", "▓", "▒", "░", "▚"}
	partStyles = []*color.Color{
		style(color.FgBlue), style(color.FgYellow), style(color.FgGreen), style(color.FgCyan), style(color.FgMagenta),
	}
	headStyle = style(color.Bold)
)

func (d *drawing) styled(style *color.Color, s string) string {
	if !d.color {
		return s
	}
	return style.Sprint(s)
}

// append appends all that is known of a result.
func (d *drawing) append(dst []byte, r *result) []byte {
	var b strings.Builder
	if d.drawn++; d.drawn > 1 {
		b.WriteByte('\n')
	}
	d.summary(&b, r)
	d.parts(&b, r)
	d.cookies(&b, r)
	d.limits(&b, r)
	d.keys(&b, r)
	d.findings(&b, r)
	return append(dst, b.String()...)
}

func (d *drawing) summary(b *strings.Builder, r *result) {
	rows := [][]string{{"cookie", cmp.Or(r.title(), "a value without a name")}}
	format := "not known"
	if r.format != 0 {
		format = fmt.Sprintf("%s (%s)", r.format, map[string]string{
			"verified": "verified", "by-form": "by its form", "likely": "by what is left of its form",
		}[r.certainty()])
	}
	v := r.verdict(d.query, d.clock)
	rows = append(rows, []string{"format", format}, []string{"outcome", string(r.outcome) + ": " + v.text})
	if !r.signedAt.IsZero() {
		rows = append(rows, []string{"signed", fmt.Sprintf("%s (%s)", d.clock.absolute(r.signedAt), d.clock.relative(r.signedAt))})
	}
	switch {
	case !r.expiresAt.IsZero() && !r.signedAt.IsZero():
		rows = append(rows, []string{"expires", fmt.Sprintf("%s (%s; by a max age of %s, which the cookie does not hold)",
			d.clock.absolute(r.expiresAt), d.clock.relative(r.expiresAt), duration(r.expiresAt.Unix()-r.signedAt.Unix()))})
	case !r.expiresAt.IsZero():
		rows = append(rows, []string{"expires", fmt.Sprintf("%s (%s)", d.clock.absolute(r.expiresAt), d.clock.relative(r.expiresAt))})
	}
	for _, row := range rows {
		fmt.Fprintf(b, "%-8s %s\n", row[0], termtext.Escape(row[1]))
	}
}

func (d *drawing) parts(b *strings.Builder, r *result) {
	parts := r.parts()
	if len(parts) == 0 {
		return
	}
	b.WriteByte('\n')
	if d.width > 0 {
		b.WriteString(d.picture(parts) + "\n")
	}
	d.head(b, "part        offset    size")
	for i, p := range parts {
		legend := ""
		if d.width > 0 {
			legend = d.styled(partStyles[i%len(partStyles)], textures[i%len(textures)]) + " "
		}
		fmt.Fprintf(b, "%s%-10s %7d %7d  %s\n", legend, p.Name, p.Offset, p.Size, termtext.Escape(d.partNote(r, p)))
	}
}

// picture draws the parts side by side, each in proportion to its bytes, but
// none so small that it cannot be seen.
func (d *drawing) picture(parts []anatomy.Part) string {
	total := 0
	for _, p := range parts {
		total += p.Size
	}
	var b strings.Builder
	for i, p := range parts {
		if p.Size == 0 {
			continue
		}
		cells := max(1, p.Size*(d.width-len(parts))/max(1, total))
		b.WriteString(d.styled(partStyles[i%len(partStyles)], strings.Repeat(textures[i%len(textures)], cells)))
	}
	return b.String()
}

func (d *drawing) head(b *strings.Builder, s string) {
	if d.width > 0 {
		s = "  " + s // the legend's column
	}
	b.WriteString(d.styled(headStyle, s) + "\n")
}

// gauge draws how much of most is used; empty where there is no room for it.
func (d *drawing) gauge(used, most int) string {
	const cells = 20
	if d.width < 60 || most == 0 {
		return ""
	}
	full := min(cells, (used*cells+most-1)/most)
	bar := strings.Repeat("█", full) + strings.Repeat("░", cells-full)
	style := partStyles[2]
	if used > most {
		style = warnStyle
	}
	return "  " + d.styled(style, bar)
}

func (d *drawing) cookies(b *strings.Builder, r *result) {
	if len(r.pieces) < 2 {
		return
	}
	b.WriteByte('\n')
	for _, p := range r.pieces {
		fmt.Fprintf(b, "%-20s %7d B%s\n", termtext.Escape(shortName(p.Name)), p.Size, d.gauge(p.Size, codec.MaxCookieSize))
	}
}

func (d *drawing) limits(b *strings.Builder, r *result) {
	uses := r.uses()
	if len(uses) == 0 {
		return
	}
	b.WriteByte('\n')
	d.plainHead(b, "limit         used      of")
	for _, u := range uses {
		fmt.Fprintf(b, "%-10s %7d %7d  %5s%s  %s\n", u.Limit, u.Used, u.Max, percent(u.Used, u.Max), d.gauge(u.Used, u.Max), u.says)
	}
}

func (d *drawing) plainHead(b *strings.Builder, s string) {
	b.WriteString(d.styled(headStyle, s) + "\n")
}

// percent rounds up, so that only nothing is 0 %.
func percent(part, whole int) string { return fmt.Sprintf("%d %%", (part*100+whole-1)/whole) }

func (d *drawing) keys(b *strings.Builder, r *result) {
	if r.values == nil || r.values.Len() == 0 {
		return
	}
	b.WriteByte('\n')
	keys := r.keysBySize()
	more := max(0, len(keys)-mostKeys)
	keys = keys[:len(keys)-more]
	table := strings.TrimSuffix(string(appendTable(nil, keys)), "\n")
	for i, line := range strings.Split(table, "\n") {
		fmt.Fprintf(b, "%s  %5s%s\n", line, percent(keys[i].Size, len(r.values.Text())), d.gauge(keys[i].Size, len(r.values.Text())))
	}
	if more > 0 {
		fmt.Fprintf(b, "and %d smaller ones, which --json lists\n", more)
	}
}

// mostKeys is how many keys are listed for people, who look for the largest.
const mostKeys = 30

func (d *drawing) findings(b *strings.Builder, r *result) {
	if len(r.findings) > 0 {
		b.WriteByte('\n')
	}
	for _, f := range r.findings {
		style := map[string]*color.Color{levelCause: errorStyle, levelWarn: warnStyle, levelInfo: hintStyle}[f.Level]
		fmt.Fprintf(b, "%s %s (%s)\n", d.styled(style, f.Level+":"), termtext.Escape(f.Message), f.Code)
		if f.Hint != "" {
			fmt.Fprintf(b, "  → %s\n", termtext.Escape(f.Hint))
		}
	}
	for _, hint := range r.verdict(d.query, d.clock).hints {
		fmt.Fprintf(b, "%s %s\n", d.styled(hintStyle, "hint:"), termtext.Escape(hint))
	}
}
