package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// controlRequest is a request to the control of the product at an address.
func controlRequest(ctx context.Context, addr, method, path, body string) (*http.Request, error) {
	url := "http://" + addr + "/_sandbox/v1" + path
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body)) //nolint:gosec // its own server
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

// control asks the control of the product, and returns its answer. Any but a success is an error.
func control(ctx context.Context, addr, method, path, body string) (answer []byte, err error) {
	req, err := controlRequest(ctx, addr, method, path, body)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req) //nolint:gosec // as above
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	answer, err = io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s %.200s", method, path, res.Status, answer)
	}
	return answer, err
}
