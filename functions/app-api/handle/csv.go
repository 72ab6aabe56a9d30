package handle

import (
	"encoding/csv"
	"regexp"
	"strings"
)

// byteOrderMark tells Excel that the file is UTF-8; without it Japanese is unreadable there.
const byteOrderMark = "\ufeff"

// A spreadsheet takes what begins like this for a formula and may run it (OWASP, CSV injection); the full-width signs are such in a
// Japanese Excel. A plain negative number is harmless.
var (
	formula  = regexp.MustCompile(`^[\s]*[=+\-@＝＋－＠]|^[\t\r\n]`)
	negative = regexp.MustCompile(`^-\d+(\.\d+)?$`)
)

func harmless(cell string) string {
	if formula.MatchString(cell) && !negative.MatchString(cell) {
		return "'" + cell
	}
	return cell
}

// csvText writes rows as RFC 4180 has it.
func csvText(rows [][]string) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = harmless(cell)
		}
		if err := w.Write(cells); err != nil {
			return "", err
		}
	}
	w.Flush()
	return b.String(), w.Error()
}
