package mcp

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// limit bounds what a client waits for, on a busy machine.
const limit = time.Minute

// npm is where the packages from npm are.
const npm = "testdata/npm"

// client is a running Redis Cloud MCP server: a process that speaks JSON-RPC over its standard input and output, and
// the Redis Cloud API behind it.
type client struct {
	t       *testing.T
	flags   []string // that say where the API is
	in      io.Writer
	lines   chan []byte // of its output
	id      int
	schemas map[string]schema          // of each tool's arguments
	sent    map[string]map[string]bool // arguments that were sent, by tool and path
}

// schema is what of a JSON schema says which members there are.
type schema struct {
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
}

// paths calls add with the path of each member: "regions[].region".
func (s schema) paths(prefix string, add func(string)) {
	for name, member := range s.Properties {
		add(prefix + name)
		member.paths(prefix+name+".", add)
		if member.Items != nil {
			member.Items.paths(prefix+name+"[].", add)
		}
	}
}

// start starts the MCP server as its documentation says, introduces itself and learns which tools there are.
func start(t *testing.T, server *servetest.Server) *client {
	t.Helper()
	installed(t)
	flags := []string{
		"--base-url=" + server.RecordedURL(), "--api-key=" + server.APIKey, "--secret-key=" + server.SecretKey,
	}
	args := append([]string{"node_modules/mcp-redis-cloud/dist/index.js"}, flags...)
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir = npm
	var stderr tail
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &client{
		t: t, flags: flags, in: in, lines: make(chan []byte),
		schemas: map[string]schema{}, sent: map[string]map[string]bool{},
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(c.lines)
		lines := bufio.NewReader(out)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			select {
			case c.lines <- line:
			case <-t.Context().Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		<-read
		_ = cmd.Wait() // killed by the end of the test
		if t.Failed() {
			t.Logf("the MCP server's log ends:\n%s", stderr.text)
		}
	})
	c.introduce()
	return c
}

// introduce is the handshake of the protocol.
func (c *client) introduce() {
	c.t.Helper()
	var hello struct {
		ServerInfo struct{ Name, Version string }
	}
	c.request("initialize", map[string]any{
		"protocolVersion": "2024-11-05",
		"capabilities":    map[string]any{},
		"clientInfo":      map[string]any{"name": "understudy", "version": "1"},
	}, &hello)
	if got := hello.ServerInfo.Name + " " + hello.ServerInfo.Version; got != "mcp-redis-cloud 1.0.0" {
		c.t.Fatalf("the MCP server says it is %s, want mcp-redis-cloud 1.0.0", got)
	}
	c.send(map[string]any{"jsonrpc": "2.0", "method": "notifications/initialized"})
	var list struct {
		Tools []struct {
			Name        string
			InputSchema schema
		}
	}
	c.request("tools/list", map[string]any{}, &list)
	for _, tool := range list.Tools {
		c.schemas[tool.Name] = tool.InputSchema
		c.sent[tool.Name] = map[string]bool{}
	}
}

// send sends one message.
func (c *client) send(message any) {
	c.t.Helper()
	text, err := json.Marshal(message)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.in.Write(append(text, '\n')); err != nil {
		c.t.Fatal(err)
	}
}

// request sends a request and decodes its result.
func (c *client) request(method string, params, result any) {
	c.t.Helper()
	c.id++
	c.send(map[string]any{"jsonrpc": "2.0", "id": c.id, "method": method, "params": params})
	var answer struct {
		ID     int
		Result json.RawMessage
		Error  json.RawMessage
	}
	select {
	case line, more := <-c.lines:
		if !more {
			c.t.Fatalf("%s: the MCP server has ended", method)
		}
		if err := json.Unmarshal(line, &answer); err != nil || answer.ID != c.id || answer.Error != nil {
			c.t.Fatalf("%s: the MCP server says %s, want the result of request %d (%v)", method, line, c.id, err)
		}
	case <-time.After(limit):
		c.t.Fatalf("%s: no answer after %v", method, limit)
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		c.t.Fatalf("%s: decode %s: %v", method, answer.Result, err)
	}
}

// arguments are those of a tool.
type arguments map[string]any

// try calls a tool and returns the text that it answers with, and whether that is an error.
func (c *client) try(tool string, args arguments) (text string, isError bool) {
	c.t.Helper()
	c.note(tool, "", map[string]any(args))
	params := map[string]any{"name": tool}
	if args != nil {
		params["arguments"] = args
	}
	var result struct {
		Content []struct{ Type, Text string }
		IsError bool
	}
	c.request("tools/call", params, &result)
	if len(result.Content) != 1 || result.Content[0].Type != "text" {
		c.t.Fatalf("%s: got %+v, want one text", tool, result)
	}
	return result.Content[0].Text, result.IsError
}

// note remembers which arguments a tool was called with.
func (c *client) note(tool, path string, value any) {
	c.t.Helper()
	if c.sent[tool] == nil {
		c.t.Fatalf("%s is no tool of this MCP server", tool)
	}
	c.sent[tool][path] = true
	switch value := value.(type) {
	case map[string]any:
		if path != "" {
			path += "."
		}
		for name, member := range value {
			c.note(tool, path+name, member)
		}
	case []any:
		for _, item := range value {
			c.note(tool, path+"[]", item)
		}
	}
}

// call calls a tool that succeeds and decodes what it answers.
func (c *client) call(tool string, args arguments, into any) {
	c.t.Helper()
	text, isError := c.try(tool, args)
	if isError {
		c.t.Fatalf("%s %v: %s", tool, args, text)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		c.t.Fatalf("%s %v: decode %s: %v", tool, args, text, err)
	}
}

// checkAllCalled fails the test for each tool, and each argument of a tool, that the MCP server offers and that was not
// tried.
func (c *client) checkAllCalled() {
	c.t.Helper()
	for tool, schema := range c.schemas {
		if !c.sent[tool][""] {
			c.t.Errorf("the tool %s has no case", tool)
		}
		schema.paths("", func(path string) {
			if !c.sent[tool][path] {
				c.t.Errorf("the argument %s of the tool %s has no case", path, tool)
			}
		})
	}
}

// service calls a method of the API client that the tools use, and decodes what it answers.
func (c *client) service(class, method string, into any, args ...any) {
	c.t.Helper()
	got := callServices(c.t, c.flags, call{class, method, args})[0]
	if got.Error != nil {
		c.t.Fatalf("%s.%s%v: %d %s", class, method, args, got.Status, got.Error)
	}
	if err := json.Unmarshal(got.Result, into); err != nil {
		c.t.Fatalf("%s.%s%v: decode %s: %v", class, method, args, got.Result, err)
	}
}

// installed fails the test where set-up has not installed what the lock file says.
func installed(t *testing.T) {
	t.Helper()
	want, err := os.ReadFile(filepath.Join(npm, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(npm, "node_modules", ".installed"))
	if err != nil || string(got) != string(want) {
		t.Fatalf("the packages of %s are not installed, or not these: run `make setup`", npm)
	}
}

// tail keeps the end of what is written.
type tail struct{ text []byte }

func (w *tail) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	w.text = w.text[max(0, len(w.text)-16<<10):]
	return len(p), nil
}
