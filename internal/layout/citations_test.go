package layout

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	// document finds an RFC however its name is written.
	document = regexp.MustCompile(`(?i)\bRFC[ -]?\d+`)

	// place finds, right after a document, the beginning of a place in it
	// however that is written; wellPlaced is how to write it.
	place      = regexp.MustCompile(`(?i)^[\s,:;(]*(\x{A7}|(section|sections|sect|sec|appendix|appendices|app)\b)`)
	wellPlaced = regexp.MustCompile(`^, (Sections? \d|(Appendix|Appendices) [A-Z])`)

	// inverted finds a place that is named before its document.
	inverted = regexp.MustCompile(`(?i)\b(section|appendix) [0-9A-Z.]+ (of|in) (the )?RFC\b`)

	sectionSign = regexp.MustCompile(`\x{A7}`)

	// draft finds the name of an Internet-Draft, which may contain "rfc".
	draft = regexp.MustCompile(`\bdraft-[a-z0-9-]+`)
)

// misspelled returns the citations in a text that are spelled neither like
// "RFC 6347" nor like "RFC 6347, Section 4.2.4".
func misspelled(text string) []string {
	text = strings.Join(strings.Fields(draft.ReplaceAllString(text, "")), " ")
	wrong := append(inverted.FindAllString(text, -1), sectionSign.FindAllString(text, -1)...)
	for _, at := range document.FindAllStringIndex(text, -1) {
		name, rest := text[at[0]:at[1]], text[at[1]:]
		if !strings.HasPrefix(name, "RFC ") {
			wrong = append(wrong, name)
		} else if place.MatchString(rest) && !wellPlaced.MatchString(rest) {
			wrong = append(wrong, name+place.FindString(rest))
		}
	}
	return wrong
}

func citationsHaveOneSpelling(s source, complain func(token.Pos, string)) {
	check := func(pos token.Pos, text string) {
		for _, wrong := range misspelled(text) {
			complain(pos, `cite as "RFC 6347, Section 4.2.4", not `+wrong)
		}
	}
	for _, comment := range s.file.Comments {
		check(comment.Pos(), comment.Text())
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			check(lit.Pos(), lit.Value)
		}
		return true
	})
}

func TestCitationsHaveOneSpelling(t *testing.T) {
	keep(t, citationsHaveOneSpelling)
}

// The file names a spelling on each line; those below "wrong:" must be found,
// those below "right:" let through.
func TestCitationRuleTellsRightFromWrong(t *testing.T) {
	text, err := os.ReadFile("testdata/citations.txt")
	if err != nil {
		t.Fatal(err)
	}
	wrong, examined := false, 0
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSpace(line); line {
		case "right:", "wrong:":
			wrong = line == "wrong:"
		default:
			examined++
			if found := misspelled(line); (len(found) > 0) != wrong {
				t.Errorf("%q: found %q", line, found)
			}
		}
	}
	if examined == 0 {
		t.Error("no spelling was examined")
	}
}
