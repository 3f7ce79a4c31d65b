package main

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"sigs.k8s.io/kustomize/api/builtins"
	kusttypes "sigs.k8s.io/kustomize/api/types"
)

// plugins are the built-in plugins of kustomize as their configurations see them.
var plugins = []any{
	builtins.AnnotationsTransformerPlugin{},
	builtins.ConfigMapGeneratorPlugin{},
	builtins.HashTransformerPlugin{},
	builtins.IAMPolicyGeneratorPlugin{},
	builtins.ImageTagTransformerPlugin{},
	builtins.LabelTransformerPlugin{},
	builtins.NamespaceTransformerPlugin{},
	builtins.PatchJson6902TransformerPlugin{},
	builtins.PatchStrategicMergeTransformerPlugin{},
	builtins.PatchTransformerPlugin{},
	builtins.PrefixTransformerPlugin{},
	builtins.SuffixTransformerPlugin{},
	builtins.ReplacementTransformerPlugin{},
	builtins.ReplicaCountTransformerPlugin{},
	builtins.SecretGeneratorPlugin{},
	builtins.ValueAddTransformerPlugin{},
}

// printInputs prints every field that a kustomization, a file of `configurations` or the
// configuration of a built-in plugin may have: a kind, and the field's path.
func printInputs() {
	printPaths("Kustomization", kusttypes.Kustomization{})
	printPaths("configurations", config{})
	for _, plugin := range plugins {
		name := strings.TrimSuffix(reflect.TypeOf(plugin).Name(), "Plugin")
		printPaths(name, plugin)
	}
}

func printPaths(kind string, value any) {
	found := map[string]bool{}
	collect(reflect.TypeOf(value), "", found)
	var paths []string
	for path := range found {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		fmt.Printf("%s\t%s\n", kind, path)
	}
}

func collect(t reflect.Type, path string, found map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer:
		collect(t.Elem(), path, found)
	case reflect.Slice:
		collect(t.Elem(), path+"[]", found)
	case reflect.Struct:
		for i := range t.NumField() {
			collectField(t.Field(i), path, found)
		}
	default:
		found[path] = true
	}
}

func collectField(field reflect.StructField, path string, found map[string]bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	switch {
	case name == "-" || field.PkgPath != "" && !field.Anonymous:
	case field.Anonymous && name == "" || strings.Contains(options, "inline"):
		collect(field.Type, path, found)
	default:
		if name == "" {
			name = strings.ToLower(field.Name[:1]) + field.Name[1:]
		}
		if path != "" {
			name = path + "." + name
		}
		collect(field.Type, name, found)
	}
}
