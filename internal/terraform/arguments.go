package terraform

import (
	"cmp"
	"path/filepath"
	"strings"
)

// arguments are what Terraform is run with: those of the command line, and those of the environment.
type arguments struct {
	command string   // as in apply
	options []option // in their order
	rest    []string // what is no option
}

// option is an option with its value.
type option struct{ name, value string }

// valued are the options that matter here and whose value may be the next word.
var valued = map[string]bool{"var": true, "var-file": true, "state": true, "backend-config": true}

// parseArguments reads the arguments as Terraform does.
func parseArguments(args, environ []string) (a arguments) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		args = args[1:] // an option of all commands, as chdir
	}
	if len(args) == 0 {
		return a
	}
	a.command = args[0]
	words := strings.Fields(lookup(environ, "TF_CLI_ARGS"))
	words = append(words, strings.Fields(lookup(environ, "TF_CLI_ARGS_"+a.command))...)
	for i, word := range words {
		words[i] = strings.NewReplacer(`"`, "", `'`, "").Replace(word) // near enough to find what is dangerous
	}
	words = append(words, args[1:]...)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if !strings.HasPrefix(word, "-") {
			a.rest = append(a.rest, word)
			continue
		}
		name, value, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if !joined && valued[name] && i+1 < len(words) {
			i++
			value = words[i]
		}
		a.options = append(a.options, option{name, value})
	}
	return a
}

// worksOnState reports whether the command reads or changes resources by what a state says.
func (a arguments) worksOnState() bool {
	switch a.command {
	case "apply", "plan", "destroy", "refresh", "import":
		return true
	}
	return false
}

// option returns the value of an option, the last one that is given.
func (a arguments) option(name string) (value string, given bool) {
	for _, o := range a.options {
		if o.name == name {
			value, given = o.value, true
		}
	}
	return value, given
}

// dataDir is where Terraform keeps what it fetched for the module in a directory.
func dataDir(dir string, environ []string) string {
	return in(dir, cmp.Or(lookup(environ, "TF_DATA_DIR"), ".terraform"))
}

// in returns a path as Terraform understands it, which works in a directory.
func in(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// WorkingDir is the directory of the root module that the arguments are for.
func WorkingDir(args []string) string {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			break
		}
		if dir, ok := strings.CutPrefix(strings.TrimLeft(arg, "-"), "chdir="); ok {
			return dir
		}
	}
	return "."
}
