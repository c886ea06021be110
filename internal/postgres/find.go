package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minVersion is the oldest major version of Postgres that understudy works with.
const minVersion = 14

// ErrNotFound says that this machine has no Postgres programs, and what to do.
var ErrNotFound = errors.New("no Postgres found (looked for initdb and postgres on PATH and in the usual places): " +
	"install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), " +
	"or name a running one with --database-url")

// ErrVersion says that the Postgres programs do not fit: too old, or another
// major version than the one that made the data directory.
var ErrVersion = errors.New("unsuitable version of Postgres")

// Find returns the directory of the Postgres programs this machine has: the
// one on PATH, else the newest in the places where packages put them. The
// error is ErrNotFound.
func Find() (string, error) {
	return find(0)
}

// CacheDir returns the place for what understudy keeps to be faster the next time, and can do without: the one that is
// named, else a directory in that of the user's caches. It is empty for the name none, and where the user has no such
// directory.
func CacheDir(named string) string {
	switch named {
	case "":
	case "none":
		return ""
	default:
		return named
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "understudy")
}

// find is Find with a preference: programs whose path names the major version
// that the cluster was made with. Zero prefers nothing.
func find(major int) (string, error) {
	dirs := slices.DeleteFunc(candidates(), func(dir string) bool { return !hasPrograms(dir) })
	if len(dirs) == 0 {
		return "", ErrNotFound
	}
	for _, dir := range dirs {
		if major > 0 && pathVersion(dir) == major {
			return dir, nil
		}
	}
	return dirs[0], nil
}

// candidates lists the directories to look in, best first.
func candidates() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// Links in a directory of links (Homebrew, alternatives) lead to the
		// place where initdb is, too.
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		if abs, err := filepath.Abs(path); err == nil {
			dirs = append(dirs, filepath.Dir(abs))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/libexec/postgresql*",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"/usr/local/pgsql/bin",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(pathVersion(b), pathVersion(a)) })
		dirs = append(dirs, found...)
	}
	return dirs
}

// programs are those of Postgres that are run.
var programs = []string{"initdb", "postgres"}

func hasPrograms(dir string) bool {
	for _, name := range programs {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// pathVersion reads the major version out of a path such as
// /usr/lib/postgresql/15/bin or /usr/pgsql-16/bin: its last number. Zero: none.
func pathVersion(dir string) int {
	numbers := regexp.MustCompile(`\d+`).FindAllString(strings.TrimSuffix(dir, "/bin"), -1)
	if len(numbers) == 0 {
		return 0
	}
	version, err := strconv.Atoi(numbers[len(numbers)-1])
	if err != nil {
		return 0
	}
	return version
}

// clusterVersion returns the major version that made the cluster in data, and
// zero if there is no cluster.
func clusterVersion(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the cluster: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the version of the cluster: %w", err)
	}
	return major, nil
}
