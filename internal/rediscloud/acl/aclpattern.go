package acl

import (
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/lazy"
)

// A rule is words of Redis' access control lists: commands and categories of them
// that are allowed (+) or not (-), patterns of keys (~, or % and a permission) and
// of channels (&), and selectors, which are such words again in parentheses.
// Words about passwords and about the user itself are not for rules.
// doc: security/access-control/data-access-control/configure-acls

var (
	// Module commands have a dot, subcommands and first arguments a bar.
	aclCommand = lazy.Regexp(`^[A-Za-z][A-Za-z0-9_.-]*(\|[A-Za-z0-9_.-]+)?$`)
	aclKeys    = lazy.Regexp(`^%(R|W|RW|WR)~.+$`)
)

// isCategory knows the categories of Redis and of its modules.
func isCategory(name string) bool {
	return slices.Contains([]string{
		"all", "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog",
		"geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction",
		"scripting", "search", "json", "timeseries", "bloom", "cuckoo", "cms", "topk", "tdigest", "vectorset", "array",
	}, strings.ToLower(name))
}

// checkPattern checks a rule's syntax.
func checkPattern(rule string) error {
	if strings.TrimSpace(rule) == "" {
		return cloud.Errorf("ACL_REDIS_RULE_PATTERN_IS_MISSING", "A rule has to say something.")
	}
	// What is in parentheses counts by itself.
	outside, selectors, err := splitSelectors(rule)
	if err != nil {
		return err
	}
	for _, words := range append(selectors, outside) {
		var seen allSeen
		for word := range strings.FieldsSeq(words) {
			if err := checkWord(word); err != nil {
				return err
			}
			if err := seen.add(word); err != nil {
				return err
			}
		}
	}
	return nil
}

// splitSelectors takes the selectors out of a rule.
func splitSelectors(rule string) (outside string, selectors []string, err error) {
	wrong := cloud.Errorf("ACL_REDIS_RULE_INVALID_SELECTORS_PATTERN", "The parentheses of %q do not make selectors.", rule)
	for {
		before, rest, found := strings.Cut(rule, "(")
		if strings.Contains(before, ")") {
			return "", nil, wrong
		}
		outside += before + " "
		if !found {
			return outside, selectors, nil
		}
		inside, after, closed := strings.Cut(rest, ")")
		if !closed || strings.Contains(inside, "(") || strings.TrimSpace(inside) == "" {
			return "", nil, wrong
		}
		selectors, rule = append(selectors, inside), after
	}
}

func checkWord(word string) error {
	switch {
	case slices.Contains([]string{"allkeys", "allchannels", "resetkeys", "resetchannels", "allcommands", "nocommands"},
		strings.ToLower(word)):
		return nil
	case strings.HasPrefix(word, "+@"), strings.HasPrefix(word, "-@"):
		if !isCategory(word[2:]) {
			return cloud.Errorf("ACL_REDIS_RULE_INVALID_CATEGORY_RULE_PATTERN", "There is no category of commands %q.", word[2:])
		}
	case word[0] == '+', word[0] == '-':
		if !aclCommand().MatchString(word[1:]) {
			return cloud.Errorf("ACL_REDIS_RULE_INVALID_COMMAND_OR_MODULE_COMMAND_RULE_PATTERN",
				"%q cannot be a command.", word[1:])
		}
	case word[0] == '~':
		if word == "~" {
			return cloud.Errorf("ACL_REDIS_RULE_INVALID_KEYSPACE_RULE_PATTERN", "A pattern of keys is missing after ~.")
		}
	case word[0] == '%':
		if !aclKeys().MatchString(strings.ToUpper(word)) {
			return cloud.Errorf("ACL_REDIS_RULE_INVALID_KEY_PERMISSION_PATTERN",
				"%q is not a pattern of keys: it takes the form %%R~…, %%W~… or %%RW~….", word)
		}
	case word[0] == '&':
		if word == "&" {
			return cloud.Errorf("ACL_REDIS_RULE_INVALID_PUBSUB_PATTERN", "A pattern of channels is missing after &.")
		}
	default:
		return cloud.Errorf("ACL_REDIS_RULE_PATTERN_NOT_VALID", "%q has no meaning in a rule.", word)
	}
	return nil
}

// allSeen remembers that everything is allowed already: Redis refuses to add a
// pattern to that.
type allSeen struct{ keys, channels bool }

func (s *allSeen) add(word string) error {
	switch lower := strings.ToLower(word); {
	case lower == "allkeys", lower == "~*", lower == "%rw~*":
		s.keys = true
	case lower == "resetkeys":
		s.keys = false
	case lower == "allchannels", lower == "&*":
		s.channels = true
	case lower == "resetchannels":
		s.channels = false
	case s.keys && (word[0] == '~' || word[0] == '%'):
		return cloud.Errorf("ACL_REDIS_RULE_ALLKEYS_BEFORE_SPECIFIC_KEY",
			"%s adds nothing: all keys are allowed before it.", word)
	case s.channels && word[0] == '&':
		return cloud.Errorf("ACL_REDIS_RULE_ALLCHANNELS_BEFORE_SPECIFIC_CHANNEL",
			"%s adds nothing: all channels are allowed before it.", word)
	}
	return nil
}
