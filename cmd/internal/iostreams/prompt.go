package iostreams

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Ask puts a question and returns the answer without surrounding blanks. Call
// it only when CanPrompt holds. The end of input is io.EOF.
func (s *IOStreams) Ask(question string) (string, error) {
	if s.lines == nil {
		s.lines = bufio.NewReader(s.In)
	}
	if _, err := fmt.Fprint(s.ErrOut, question); err != nil {
		return "", err
	}
	line, err := s.lines.ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	return strings.TrimSpace(line), err
}
