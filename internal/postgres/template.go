package postgres

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// errNoTemplate says that nothing is kept that could be copied.
var errNoTemplate = errors.New("no cluster is kept")

// A template is a new cluster as initdb makes it, kept as a tar archive for the next data directory: copying it takes a
// fraction of the time in which initdb makes another one. It is one file, so that what tidies up caches takes it whole.
// All copies have the same system identifier, which only replication goes by.
type template struct {
	path  string // of the archive; empty, as at first: nothing is kept
	older string // pattern of the archives that it takes the place of, among them itself
	next  string // an archive that is complete and not yet on disk; empty: none
}

// newTemplate names the template of the Postgres in binDir. Another version of its programs has another one.
func newTemplate(cacheDir, binDir string) (template, error) {
	if cacheDir == "" {
		return template{}, nil
	}
	which, version := sha256.New(), sha256.New()
	_, _ = fmt.Fprintln(which, binDir, runtime.GOARCH) // a hash takes everything
	_, _ = fmt.Fprintln(version, initdbArgs)
	for _, name := range programs {
		info, err := os.Stat(filepath.Join(binDir, name))
		if err != nil {
			return template{}, err
		}
		_, _ = fmt.Fprintln(version, info.Size(), info.ModTime().UnixNano())
	}
	name := func(sum []byte) string { return hex.EncodeToString(sum[:6]) }
	older := filepath.Join(cacheDir, "postgres-"+name(which.Sum(nil))+"-")
	return template{path: older + name(version.Sum(nil)) + ".tar", older: older + "*"}, nil
}

// unpack copies the template into dir, which is empty. The error is errNoTemplate where nothing is kept; after any
// error dir holds something or other.
func (t *template) unpack(ctx context.Context, dir string, owner *owner) error {
	if t.path == "" {
		return errNoTemplate
	}
	archive, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return errNoTemplate
	}
	if err != nil {
		return err
	}
	defer archive.Close()
	if err := trusted(archive); err != nil {
		return err
	}
	files := tar.NewReader(bufio.NewReaderSize(archive, 1<<20))
	buffer := make([]byte, 128<<10)
	for ctx.Err() == nil {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			_, err := os.Stat(filepath.Join(dir, unfinished)) // else the archive was cut off
			return err
		}
		if err == nil {
			err = unpackOne(dir, header, files, buffer, owner)
		}
		if err != nil {
			return fmt.Errorf("copy the cluster of %s: %w", t.path, err)
		}
	}
	return context.Cause(ctx)
}

// unpackOne makes a file or a directory as it was.
func unpackOne(dir string, header *tar.Header, content io.Reader, buffer []byte, owner *owner) error {
	path, mode := filepath.Join(dir, header.Name), header.FileInfo().Mode() //nolint:gosec // see the next line
	if !filepath.IsLocal(header.Name) || !mode.IsDir() && !mode.IsRegular() {
		return fmt.Errorf("%s is not a file or a directory of a cluster", header.Name)
	}
	if mode.IsDir() {
		return errors.Join(os.Mkdir(path, mode.Perm()), owner.own(path))
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm())
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, content, buffer) // else the file brings a buffer for each
	return errors.Join(err, file.Close(), owner.own(path))
}

// trusted refuses an archive that somebody else could have written: what is in a cluster, Postgres runs.
func trusted(archive *os.File) error {
	info, err := archive.Stat()
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Geteuid() && stat.Uid != 0 || !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not ours alone to write", archive.Name())
	}
	return nil
}

// pack archives the new cluster in dir, which nobody uses yet. It becomes the template with keep.
func (t *template) pack(dir string) (err error) {
	if t.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(t.path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(t.path), filepath.Base(t.path)+".new*")
	if err != nil {
		return err
	}
	t.next = file.Name()
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			t.discard()
		}
	}()
	buffered := bufio.NewWriterSize(file, 1<<20)
	archive := tar.NewWriter(buffered)
	if err := archive.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return errors.Join(archive.Close(), buffered.Flush())
}

// keep brings what was packed to disk and makes it the template.
func (t *template) keep() error {
	if t.next == "" {
		return nil
	}
	older, err := filepath.Glob(t.older)
	if err = errors.Join(err, syncFile(t.next)); err != nil {
		return err
	}
	if err := os.Rename(t.next, t.path); err != nil {
		return err
	}
	t.next = ""
	for _, path := range older {
		// What somebody else packs just now stays; what was being packed at a kill -9 goes.
		info, err := os.Stat(path)
		if err == nil && path != t.path && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(path)
		}
	}
	return nil
}

// discard removes what was packed and not kept.
func (t *template) discard() {
	if t.next != "" {
		_ = os.Remove(t.next)
		t.next = ""
	}
}
