// Command yaml reads and prints texts as kustomize does, without what lies between.
//
// It takes a JSON array of texts on standard input, and answers with a JSON array of what kustomize
// would print for their documents, or of its errors.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"
)

type answer struct {
	Text  string `json:"text"`
	Error string `json:"error"`
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	answers := make([]answer, 0, len(texts))
	for _, text := range texts {
		printed, err := reprint(text)
		if err != nil {
			answers = append(answers, answer{Error: err.Error()})
			continue
		}
		answers = append(answers, answer{Text: printed})
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

// reprint goes the way of a resource: nodes, JSON, text.
func reprint(text string) (string, error) {
	nodes, err := kio.FromBytes([]byte(text))
	if err != nil {
		return "", err
	}
	documents := make([]string, 0, len(nodes))
	for _, node := range nodes {
		asJSON, err := node.MarshalJSON()
		if err != nil {
			return "", err
		}
		document, err := yaml.JSONToYAML(asJSON)
		if err != nil {
			return "", err
		}
		documents = append(documents, string(document))
	}
	return strings.Join(documents, "---\n"), nil
}
