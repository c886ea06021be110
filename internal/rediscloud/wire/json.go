package wire

import (
	"bytes"
	"encoding/json"
)

// AppendJSON appends a value to a text as compact JSON, as it is sent: without the escapes that HTML would need.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return append(dst, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), err
}
