package coverage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing/iotest"
)

// Note is Answered for an answer whose body is yet to be read, and leaves it to be read once more: one that breaks off
// is no answer, and breaks off there again.
func (r *Recorder) Note(test string, res *http.Response) (finished string, err error) {
	body, broken := io.ReadAll(res.Body)
	if broken = errors.Join(broken, res.Body.Close()); broken != nil {
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(broken)))
		return "", nil
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	req := res.Request
	if finished, err = r.Answered(test, req, res.StatusCode, res.Header, body); err != nil {
		err = fmt.Errorf("%s %s answers %d against the document: %w\n%s", req.Method, req.URL, res.StatusCode, err, body)
	}
	return finished, err
}
