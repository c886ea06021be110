package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/understudy-dev/understudy/internal/server"
)

// completionCmd prints what a shell needs to complete commands. It asks back with completeCmd, so it knows of every
// command and flag that there is.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// completions are the scripts by their shells.
var completions = map[string]string{
	"bash": `# bash completion of understudy: source <(understudy completion bash)
_understudy() {
	local IFS=$'\n'
	COMPREPLY=($(understudy complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _understudy understudy
`,
	"zsh": `#compdef understudy
# zsh completion of understudy: source <(understudy completion zsh), after compinit
_understudy() {
	local -a found
	found=("${(@f)$(understudy complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ -z "${found[1]}" ]]; then
		_files
		return
	fi
	found=("${(@)found//:/\\:}")
	found=("${(@)found/$'\t'/:}")
	_describe understudy found
}
compdef _understudy understudy
`,
	"fish": `# fish completion of understudy: understudy completion fish | source
function __understudy
	set -l found (understudy complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
	if test (count $found) -gt 0
		printf '%s\n' $found
	else
		__fish_complete_path (commandline -ct)
	end
end
complete -c understudy -f -a '(__understudy)'
`,
}

// Run prints the script.
func (c *completionCmd) Run(stdout io.Writer) error {
	_, err := io.WriteString(stdout, completions[c.Shell])
	return err
}

// completeCmd prints how the last of some words may go on: a word and what it is, with a tab between them, a line each.
// Nothing means that it may be any text, or a file.
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints the words.
func (c *completeCmd) Run(stdout io.Writer) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	all, err := newParser(&cli{}, server.DefaultDataDir())
	if err != nil {
		return err
	}
	_, err = io.WriteString(stdout, strings.Join(complete(all.Model.Node, words), ""))
	return err
}

// complete returns the lines that completeCmd prints.
func complete(node *kong.Node, words []string) (lines []string) {
	last := words[len(words)-1]
	offer := func(word, help string) {
		if strings.HasPrefix(word, last) {
			lines = append(lines, word+"\t"+firstSentence(help)+"\n")
		}
	}
	position := 0           // of the next argument
	var waiting *kong.Value // the flag whose value comes next
	for _, word := range slices.DeleteFunc(slices.Clone(words[:len(words)-1]), func(w string) bool { return w == "=" }) {
		switch child := childOf(node, word); {
		case waiting != nil:
			waiting = nil
		case strings.HasPrefix(word, "-"):
			waiting = valueOf(node, word)
		case child != nil:
			node, position = child, 0
		default:
			position++
		}
	}
	switch {
	case waiting != nil:
		if last == "=" { // bash takes it for a word
			last = ""
		}
		for _, value := range waiting.EnumSlice() {
			if value != "" {
				offer(value, "")
			}
		}
	case strings.HasPrefix(last, "-"):
		for _, group := range node.AllFlags(true) {
			for _, flag := range group {
				offer("--"+flag.Name, flag.Help)
			}
		}
	default:
		for _, child := range node.Children {
			if !child.Hidden {
				offer(child.Name, child.Help)
			}
		}
		if position < len(node.Positional) {
			for _, value := range node.Positional[position].EnumSlice() {
				offer(value, "")
			}
		}
	}
	return lines
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name || slices.Contains(child.Aliases, name) {
			return child
		}
	}
	return nil
}

// valueOf returns the flag that a word is, if its value is the next word.
func valueOf(node *kong.Node, word string) *kong.Value {
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			short := flag.Short != 0 && word == "-"+string(flag.Short)
			if (word == "--"+flag.Name || short) && !flag.IsBool() {
				return flag.Value
			}
		}
	}
	return nil
}

// firstSentence is enough beside a word.
func firstSentence(help string) string {
	sentence, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(strings.Join(strings.Fields(sentence), " "), ".")
}

// exitStatuses is what the exit status of every command says.
const exitStatuses = "\nExit status: 0 it was done; 1 it failed on the way, or the answer is no; 2 the command line, " +
	"the environment or the set-up\nmust be changed first."

// referenceCmd prints docs/cli.md.
type referenceCmd struct{}

// Run prints the reference of all commands and flags.
func (*referenceCmd) Run(stdout io.Writer) error {
	var c cli
	parser, err := newParser(&c, "~/.local/share/understudy, for root /var/lib/understudy")
	if err != nil {
		return err
	}
	common := childOf(childOf(parser.Model.Node, "account"), "list")
	text := &strings.Builder{}
	text.WriteString("<!-- Code generated by go generate; DO NOT EDIT. -->\n\n# Command line\n\n")
	text.WriteString(parser.Model.Help + "\n\n")
	text.WriteString("What a command found goes to standard output, everything else to standard error; with `--json` " +
		"the output is JSON.\n" + exitStatuses + "\n\nFlags win over the environment. A setting there that is empty is not " +
		"set. `understudy completion bash` (or `zsh`,\n`fish`) prints what a shell needs to complete commands.\n\n" +
		"Commands for a running sandbox find it by themselves on the same machine. All of them take:\n\n| | |\n|---|---|\n")
	flagRows(text, common, nil)
	describe(text, parser.Model.Node, common.Flags)
	_, err = io.WriteString(stdout, text.String())
	return err
}

// describe writes what is below a node, command by command, but for flags that many have in common.
func describe(w *strings.Builder, node *kong.Node, common []*kong.Flag) {
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		if len(child.Children) > 0 {
			describe(w, child, common)
			continue
		}
		fmt.Fprintf(w, "\n## %s\n\n%s\n", child.FullPath(), child.Help)
		table := &strings.Builder{}
		for _, argument := range child.Positional {
			row(table, argument.Summary(), argument.Help, nil)
		}
		flagRows(table, child, common)
		if table.Len() > 0 {
			w.WriteString("\n| | |\n|---|---|\n" + table.String())
		}
	}
}

// flagRows writes the flags of a command that are not among some others.
func flagRows(w *strings.Builder, command *kong.Node, others []*kong.Flag) {
	for _, group := range command.AllFlags(true) {
		for _, flag := range group {
			same := func(o *kong.Flag) bool { return o.Name == flag.Name && o.Help == flag.Help }
			if flag.Name != "help" && !slices.ContainsFunc(others, same) {
				row(w, flagSummary(flag), flag.Help, flag.Envs)
			}
		}
	}
}

func flagSummary(flag *kong.Flag) string {
	text := "--" + flag.Name
	if flag.IsBool() {
		return text
	}
	return text + "=" + flag.FormatPlaceHolder()
}

func row(w *strings.Builder, name, help string, envs []string) {
	for _, env := range envs {
		help += " `" + env + "`"
	}
	fmt.Fprintf(w, "| `%s` | %s |\n", strings.ReplaceAll(name, "|", `\|`), strings.ReplaceAll(help, "|", `\|`))
}
