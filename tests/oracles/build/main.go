// Command build is `kustomize build` many times in one process.
//
// It takes a JSON stream of folders on standard input, and answers each with what kustomize prints for
// it, or with its error.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"sigs.k8s.io/kustomize/kustomize/v5/commands/build"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

type request struct {
	Folder string `json:"folder"`
	// Whether a kustomization of the tree has `openapi`, which kustomize keeps for the whole process.
	OpenAPI bool `json:"openapi"`
}

type answer struct {
	Text  string `json:"text"`
	Error string `json:"error"`
}

func main() {
	requests, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	answers.SetEscapeHTML(false)
	for {
		var asked request
		err := requests.Decode(&asked)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(run(asked)); err != nil {
			log.Fatal(err)
		}
	}
}

func run(asked request) answer {
	if asked.OpenAPI {
		openapi.ResetOpenAPI()
		defer openapi.ResetOpenAPI()
	}
	text, err := render(asked.Folder)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Text: text}
}

// render fails where the command fails or panics.
func render(folder string) (text string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	var printed bytes.Buffer
	command := build.NewCmdBuild(filesys.MakeFsOnDisk(), build.MakeHelp("kustomize", "build"), &printed)
	err = command.RunE(command, []string{folder})
	return printed.String(), err
}
