// Command oracle measures the SQL injection check against what SQLite itself
// thinks: a value is an attack when the statement compiles to another program
// with it than with a value that belongs in its place.
//
//	go run ./agentkit/rasp/oracle                        payloads of its own making
//	go run ./agentkit/rasp/oracle -payloads attacks.txt  one payload per line, put into every template
//	go run ./agentkit/rasp/oracle -values texts.txt      one harmless value per line, escaped
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

func main() {
	payloads := flag.String("payloads", "", "file of attacks, one per line")
	values := flag.String("values", "", "file of harmless values, one per line")
	n := flag.Int("n", 5000, "attacks to generate when no file is given")
	seed := flag.Uint64("seed", 1, "seed of the generator")
	misses := flag.Int("misses", 40, "misses to list")
	flag.Parse()
	if err := run(*payloads, *values, *n, *seed, *misses); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run(payloads, values string, n int, seed uint64, misses int) error {
	j, err := newJudge()
	if err != nil {
		return err
	}
	defer j.close()
	r := newReport()
	if payloads == "" && values == "" {
		r = generate(j, n, seed)
	}
	err = eachLine(payloads, func(line string) {
		for _, t := range templates {
			r.attack(j, t, line)
		}
	})
	if err != nil {
		return err
	}
	err = eachLine(values, func(line string) {
		for _, t := range templates {
			if _, ok := t.escape(line); ok { // elsewhere a careful app takes no free text
				r.value(j, t, line)
			}
		}
	})
	if err != nil {
		return err
	}
	r.write(os.Stdout, misses)
	return nil
}

func eachLine(file string, fn func(string)) error {
	if file == "" {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		if scan.Text() != "" {
			fn(scan.Text())
		}
	}
	return scan.Err()
}
