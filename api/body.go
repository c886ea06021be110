package api

import (
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
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, Problem{Status: http.StatusRequestEntityTooLarge, Message: "The body is larger than 1 MiB."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, Problem{Status: http.StatusRequestTimeout, Message: "The body did not arrive in time."}
	case err != nil:
		return nil, Problem{Status: http.StatusBadRequest, Message: "The body could not be read."}
	case len(body) == 0:
		return nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
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
