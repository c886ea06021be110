package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// asset is a file that pages load.
type asset struct {
	media   string
	plain   []byte
	small   func() []byte // the same, compressed when somebody first asks: it takes longer than all else of a start here
	version string        // in its URL: it may be kept for ever
}

func loadAssets() (map[string]asset, error) {
	files, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	assets := map[string]asset{}
	for _, file := range files {
		plain, err := assetFiles.ReadFile("assets/" + file.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(plain)
		media := mime.TypeByExtension(path.Ext(file.Name()))
		if media == "" {
			media = "text/plain; charset=utf-8"
		}
		small := sync.OnceValue(func() []byte { return compressed(plain) })
		assets[file.Name()] = asset{media, plain, small, hex.EncodeToString(sum[:6])}
	}
	return assets, nil
}

// compressed is a text in the form of gzip.
func compressed(text []byte) []byte {
	var small bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // there is such a level
	_, _ = zip.Write(text)                                      // a Buffer takes everything
	_ = zip.Close()
	return small.Bytes()
}

// assetURL is where a page finds a file.
func (h *Handler) assetURL(name string) (string, error) {
	a, ok := h.assets[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return h.Prefix + "/assets/" + name + "?v=" + a.version, nil
}

func (h *Handler) serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := h.assets[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Vary", "Accept-Encoding")
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	content := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		content = a.small()
	}
	_, _ = w.Write(content) // the client is gone
}
