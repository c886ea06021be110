package coverage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// checkLayout holds a JSON body against the layout that its request asks for: that
// of Jackson's default printer, or none. Without being asked, a body has none that
// the layout would make ten times as long and more.
func checkLayout(req *http.Request, header http.Header, body []byte) error {
	if !strings.HasSuffix(header.Get("Content-Type"), "json") || len(body) == 0 {
		return nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return err
	}
	want := compact.String()
	if pretty := Pretty(body); len(pretty) <= 10*len(want)+64<<10 &&
		!strings.Contains(req.Header.Get("Accept"), "indent=0") {
		want = pretty
	}
	if want != string(body) {
		return fmt.Errorf("the body is not laid out as\n%s", want)
	}
	return nil
}

// Pretty lays out valid JSON as the real service does. It goes by tokens, unlike
// the server, so that the one is a check of the other.
func Pretty(body []byte) string {
	l := layout{text: body, tokens: json.NewDecoder(bytes.NewReader(body))}
	l.value("\n")
	return l.out.String()
}

type layout struct {
	text   []byte
	tokens *json.Decoder
	out    strings.Builder
}

// next writes the next token as it is in the text, and returns it.
func (l *layout) next() string {
	start := l.tokens.InputOffset()
	_, _ = l.tokens.Token() // the text is valid
	token := bytes.TrimLeft(l.text[start:l.tokens.InputOffset()], " \t\r\n,:")
	l.out.Write(token)
	return string(token)
}

// value writes the next value; newline is a line break with the blanks of the
// object that it is in.
func (l *layout) value(newline string) {
	end := " "
	switch l.next() {
	case "{":
		for separator := ""; l.tokens.More(); separator = "," {
			end = newline
			l.out.WriteString(separator + newline + "  ")
			l.next()
			l.out.WriteString(" : ")
			l.value(newline + "  ")
		}
	case "[":
		for separator := ""; l.tokens.More(); separator = "," {
			l.out.WriteString(separator + " ")
			l.value(newline)
		}
	default:
		return
	}
	l.out.WriteString(end)
	l.next()
}
