package control

import (
	"errors"
	"io"
	"net/http"
	"os"

	"github.com/understudy-dev/understudy/api"
)

// octets is the content type of a file.
const octets = "application/octet-stream"

// maxFile is the largest file that is taken, in bytes.
const maxFile = 256 << 20

// File is what goes in or out where that is a file instead of JSON. What goes in may embed it.
type File struct {
	Content []byte `json:"-"`
}

// fileInput is what embeds a File.
type fileInput interface {
	file() []byte
	setFile(content []byte)
}

func (f *File) file() []byte           { return f.Content }
func (f *File) setFile(content []byte) { f.Content = content }

// readFile reads the file that a request brings into its input.
func readFile(w http.ResponseWriter, r *http.Request, in any) error {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFile))
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		return api.Problem{Status: http.StatusRequestEntityTooLarge, Message: "The file is larger than 256 MiB."}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return api.Problem{Status: http.StatusRequestTimeout, Message: "The file did not arrive in time."}
	case err != nil:
		return api.Problem{Status: http.StatusBadRequest, Message: "The file could not be read."}
	}
	in.(fileInput).setFile(content)
	return nil
}
