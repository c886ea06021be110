package openapi

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Rule is what an error code stands for.
type Rule struct {
	Text string // a sentence
	Page string // of the real service, on it; empty: none was found
}

// Rule returns the rule that a code says is broken, and whether the document has one.
func (r *Reference) Rule(code string) (Rule, bool) {
	rule, ok := r.rules[code]
	return rule, ok
}

// ruling is what a document says of all codes that fit a pattern and none of those before it.
type ruling struct {
	patterns []string
	rule     Rule
}

// readRules reads the rules that are beside the list of error codes, by code: x-rules, whose pages are below x-pages. A
// document may have none. Else a code without one is wrong, and so is a pattern that says nothing of any code.
func readRules(schemas openapi3.Schemas) (map[string]Rule, error) {
	list := schemas[codeSchema]
	if list == nil || list.Value.Extensions["x-rules"] == nil {
		return nil, nil
	}
	rulings, err := readRulings(list.Value.Extensions)
	if err != nil {
		return nil, err
	}
	rules, used := map[string]Rule{}, map[string]bool{}
	for _, alternative := range list.Value.OneOf {
		for _, value := range alternative.Value.Enum {
			code := fmt.Sprint(value)
			for _, f := range rulings {
				i := slices.IndexFunc(f.patterns, func(p string) bool { fits, _ := path.Match(p, code); return fits })
				if i < 0 {
					continue
				}
				rules[code], used[f.patterns[i]] = f.rule, true
				break
			}
			if _, ok := rules[code]; !ok {
				err = errors.Join(err, fmt.Errorf("x-rules say nothing of %s", code))
			}
		}
	}
	for _, f := range rulings {
		for _, p := range f.patterns {
			if !used[p] {
				err = errors.Join(err, fmt.Errorf("x-rules: no code fits %s first", p))
			}
		}
	}
	return rules, err
}

func readRulings(extensions map[string]any) (rulings []ruling, err error) {
	text, _ := extensions["x-pages"].(string)
	pages, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("x-pages: %w", err)
	}
	all, _ := extensions["x-rules"].([]any)
	for i, value := range all {
		entry, _ := value.(map[string]any)
		var f ruling
		codes, _ := entry["codes"].([]any)
		for _, code := range codes {
			f.patterns = append(f.patterns, fmt.Sprint(code))
		}
		f.rule.Text, _ = entry["rule"].(string)
		if to, ok := entry["page"].(string); ok {
			page, err := pages.Parse(to)
			if err != nil || page.Scheme != "https" {
				return nil, fmt.Errorf("x-rules: %q of number %d is no page", to, i+1)
			}
			f.rule.Page = page.String()
		}
		if len(f.patterns) == 0 || f.rule.Text == "" {
			return nil, fmt.Errorf("x-rules: number %d needs codes and a rule", i+1)
		}
		rulings = append(rulings, f)
	}
	return rulings, nil
}
