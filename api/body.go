package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
)

// maxBody is the largest request body, in bytes.
const maxBody = 1 << 20

// ReadBody reads a JSON body. Failures are a Problem with 408, 413, 415 or 400.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := readAll(w, r)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != jsonType {
		return nil, Problem{
			Status:  http.StatusUnsupportedMediaType,
			Message: "The body must be JSON: send Content-Type: application/json.",
		}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, Problem{
			Status:  http.StatusUnsupportedMediaType,
			Message: "The body must not be compressed: send it without Content-Encoding.",
		}
	}
	return body, nil
}

// PeekBody reads the body of a request, which can then be read once more. Failures are a Problem with 408, 413 or 400.
func PeekBody(r *http.Request) ([]byte, error) {
	body, err := readAll(nil, r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// readAll reads a body of any kind.
func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, Problem{Status: http.StatusRequestEntityTooLarge, Message: "The body is larger than 1 MiB."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, Problem{Status: http.StatusRequestTimeout, Message: "The body did not arrive in time."}
	case err != nil:
		return nil, Problem{Status: http.StatusBadRequest, Message: "The body could not be read."}
	}
	return body, nil
}
