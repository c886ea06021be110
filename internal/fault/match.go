package fault

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/store"
)

// matcher is a Match, compiled.
type matcher struct {
	operations         map[string]bool // nil: all
	key, path, agent   *regexp.Regexp  // nil: all
	name, tagValue     *regexp.Regexp
	tag, state, method string
}

// pattern compiles a pattern, in which * stands for any text; nil for one that fits all.
func pattern(text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	parts := strings.Split(text, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`(?is)^` + strings.Join(parts, `.*`) + `$`)
}

func compile(m Match, v Vocabulary) matcher {
	c := matcher{
		key: pattern(m.Key), path: pattern(m.Path), agent: pattern(m.UserAgent), name: pattern(m.Name),
		state: m.State, method: m.Method,
	}
	var value string
	c.tag, value, _ = strings.Cut(m.Tag, "=")
	c.tagValue = pattern(value)
	if len(m.Operation) > 0 || m.Kind != "" {
		c.operations = map[string]bool{}
		for _, op := range v.Fitting(m) {
			c.operations[op.ID] = true
		}
	}
	return c
}

func (c *matcher) fits(r *Request) bool {
	fits := func(p *regexp.Regexp, text string) bool { return p == nil || p.MatchString(text) }
	return (c.operations == nil || c.operations[r.Operation]) &&
		(c.method == "" || strings.EqualFold(c.method, r.Method)) &&
		fits(c.key, r.Key) && fits(c.path, r.Path) && fits(c.agent, r.Agent)
}

// fits reports whether a rule fits a request. What it is about is looked up only where all else fits.
func (a *Armed) fits(ctx context.Context, rule *armedRule, r *Request) (bool, error) {
	m := &rule.match
	if !m.fits(r) || rule.effect.reads && !a.vocabulary.strikesRead(rule.effect, r) ||
		rule.Match.Phase != "" && rule.Match.Phase != r.Phase {
		return false, nil
	}
	if m.name == nil && m.tag == "" && m.state == "" {
		return true, nil
	}
	if r.subject == nil {
		found, err := a.subjectOf(ctx, r)
		if err != nil {
			return false, err
		}
		r.subject = &found
	}
	s := r.subject
	return (m.name == nil || slices.ContainsFunc(s.names, m.name.MatchString)) &&
		(m.tag == "" || s.tagged(m)) && (m.state == "" || m.state == s.state), nil
}

// subject is what a request is about: as it is, and as it is asked for.
type subject struct {
	names []string
	tags  []tag
	state string
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (s *subject) tagged(m *matcher) bool {
	return slices.ContainsFunc(s.tags, func(t tag) bool {
		return strings.EqualFold(t.Key, m.tag) && (m.tagValue == nil || m.tagValue.MatchString(t.Value))
	})
}

// subjectOf finds what a request is about: by the last id in its path, and in its body.
func (a *Armed) subjectOf(ctx context.Context, r *Request) (s subject, err error) {
	var asked struct {
		Name string `json:"name"`
		Tags []tag  `json:"tags"`
	}
	if json.Unmarshal(r.Body, &asked) == nil {
		if asked.Name != "" {
			s.names = append(s.names, asked.Name)
		}
		s.tags = append(s.tags, asked.Tags...)
	}
	op := a.vocabulary.operation(r.Operation)
	if op == nil || len(op.Params) == 0 {
		return s, nil
	}
	found, ok, last := store.Subject{}, false, r.Params[op.Params[len(op.Params)-1]]
	if id, notID := strconv.ParseInt(last, 10, 64); notID == nil {
		found, ok, err = a.db.SubjectOf(ctx, r.Account, id, nil)
	} else if id, notTask := uuid.Parse(last); notTask == nil && op.ReadsTask {
		found, ok, err = a.db.SubjectOfTask(ctx, r.Account, id)
	} else if last != "" && utf8.ValidString(last) && !strings.Contains(last, "\x00") { // else Postgres has no such text
		found, ok, err = a.db.SubjectKnownAs(ctx, r.Account, last)
	}
	if err != nil || !ok {
		return s, err
	}
	s.names, s.state = append(s.names, found.Name), string(found.Status)
	var tags []tag
	if json.Unmarshal(found.Tags, &tags) == nil {
		s.tags = append(s.tags, tags...)
	}
	return s, nil
}
