package terraform

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"strings"
)

// errNoPlan says that a file is no plan that one can read.
var errNoPlan = errors.New("no plan")

// readPlan returns the configuration that a plan was made of, and is applied with. What its variables are is in there,
// too, but not for us to read: so no file counts as the root's.
func readPlan(name string) (files []file, err error) {
	archive, err := zip.OpenReader(name)
	if err != nil {
		return nil, errNoPlan
	}
	defer archive.Close()
	for _, entry := range archive.File {
		if !strings.HasPrefix(entry.Name, "tfconfig/") || path.Base(entry.Name) == "modules.json" {
			continue
		}
		text, err := readEntry(entry)
		if err != nil {
			return nil, err
		}
		f, err := parse(name+"/"+strings.TrimPrefix(entry.Name, "tfconfig/"), text)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, errNoPlan
	}
	return files, nil
}

func readEntry(entry *zip.File) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
