package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// Client calls the control API of a server.
type Client struct {
	Document *openapi.Document // sandbox.yaml: where its operations are
	URL      string            // of the server, without a path
	Token    string            // empty: none is sent
	HTTP     *http.Client      // nil: http.DefaultClient
}

// Call calls an operation. An error of the server's is a *Problem.
func (o Operation[In, Out]) Call(ctx context.Context, c *Client, in In) (out Out, err error) {
	res, err := c.send(ctx, string(o), binding.Of[In](), &in)
	if err != nil {
		return out, err
	}
	defer func() { _ = res.Body.Close() }() // it is read
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return out, fmt.Errorf("%s: read the answer: %w", o, err)
	case res.StatusCode >= http.StatusBadRequest:
		problem := &Problem{}
		if json.Unmarshal(body, problem) != nil || problem.Code == "" {
			return out, fmt.Errorf("%s: %s, which is no Understudy: %s", c.URL, res.Status, excerpt(body))
		}
		return out, problem
	case res.StatusCode == http.StatusNoContent:
		return out, nil
	}
	if file, ok := any(&out).(*File); ok {
		file.Content = body
		return out, nil
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("%s: read the answer: %w", o, err)
	}
	return out, nil
}

// send sends a request for an operation.
func (c *Client) send(ctx context.Context, id string, input binding.Input, in any) (*http.Response, error) {
	op, ok := c.Document.Operation(id)
	if !ok {
		return nil, fmt.Errorf("%s is not declared", id)
	}
	request, err := input.Encode(in)
	if err != nil {
		return nil, err
	}
	path := op.Path
	for name, value := range request.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for name, value := range request.Query {
		query.Set(name, value)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, op.Method, strings.TrimSuffix(c.URL, "/")+path,
		bytes.NewReader(request.Body))
	if err != nil {
		return nil, err
	}
	if request.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if file, ok := in.(fileInput); ok {
		content := file.file()
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
		req.Header.Set("Content-Type", octets)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	return client.Do(req)
}

func excerpt(body []byte) string {
	const most = 200
	text := strings.Join(strings.Fields(string(body)), " ")
	return text[:min(len(text), most)]
}
