// Command sumdb is the other implementation of signed notes and RFC 6962 trees: golang.org/x/mod/sumdb.
//
// "sumdb check" reads questions as JSON from standard input and answers each of them; "sumdb make SIZE" writes a tree
// of SIZE records with its proofs and signed notes, for others to check.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sumdb:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "check":
		var asked []question
		if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
			return err
		}
		answers := make([]answer, len(asked))
		for i := range asked {
			answers[i] = asked[i].check()
		}
		return json.NewEncoder(os.Stdout).Encode(answers)
	case len(args) == 2 && args[0] == "make":
		size, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		made, err := makeTree(size)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(made)
	}
	return fmt.Errorf("usage: sumdb check | sumdb make SIZE")
}
