package coverage

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// answersVariable names the directory into which Keep writes.
const answersVariable = "UNDERSTUDY_ANSWERS"

// Mark begins an answer in a file of Keep. The name of the test follows.
const Mark = "\n=== "

// Keep adds an answer, as it is, to the file of the test that got it, where the environment
// asks for that. Command internal/coverage/answers compares what several runs have kept.
// Files are named after the test alone, so that it may move to another package.
func Keep(test string, req *http.Request, status int, header http.Header, body []byte) error {
	dir := os.Getenv(answersVariable)
	if dir == "" {
		return nil
	}
	sent := io.NopCloser(strings.NewReader(""))
	var err error
	if req.GetBody != nil {
		if sent, err = req.GetBody(); err != nil {
			return fmt.Errorf("keep an answer: %w", err)
		}
	}
	text := new(strings.Builder)
	fmt.Fprintf(text, "%s%s\n%s %s\n", Mark, test, req.Method, req.URL.RequestURI())
	write(text, req.Header, func(name string) bool {
		return slices.Contains([]string{"Accept", "Idempotency-Key", "X-Client-Token"}, name)
	})
	_, err = io.Copy(text, sent)
	fmt.Fprintf(text, "\n%d %s\n", status, http.StatusText(status))
	write(text, header, func(name string) bool {
		return !slices.Contains([]string{"Date", "Content-Length", "X-Request-Id"}, name) // new each time
	})
	fmt.Fprintf(text, "%s\n", body)
	return errors.Join(err, appendTo(filepath.Join(dir, strings.Split(test, "/")[0]), text.String()))
}

// write writes some headers in the order of their names, and an empty line.
func write(text *strings.Builder, header http.Header, wanted func(name string) bool) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if wanted(name) {
			fmt.Fprintf(text, "%s: %s\n", name, strings.Join(header[name], ", "))
		}
	}
	text.WriteString("\n")
}

// appendTo writes at once, because other processes may write to the file as well.
func appendTo(name, text string) error {
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
