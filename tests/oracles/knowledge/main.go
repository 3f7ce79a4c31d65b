// Command knowledge prints what kustomize knows of Kubernetes' API: which fields its transformers
// reach, which lists its patches merge by key, and which kinds have no namespace.
//
//	go run ./knowledge fields > ../../agent/kustomize/src/knowledge/fields.txt
//	go run ./knowledge schema > ../../agent/kustomize/src/knowledge/schema.txt
//
// It also prints every field that a kustomization and the files that it names may have:
//
//	go run ./knowledge inputs > ../../agent/kustomize/tests/inputs.txt
package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	kusttypes "sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	k8syaml "sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fail("name one of: fields, schema, inputs")
	}
	switch os.Args[1] {
	case "fields":
		printFields()
	case "schema":
		printScopes()
		printSchema()
	case "inputs":
		printInputs()
	default:
		fail("name one of: fields, schema, inputs")
	}
}

func fail(problem ...any) {
	fmt.Fprintln(os.Stderr, problem...)
	os.Exit(1)
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

// moduleFolder finds a module's sources: the tables are constants of packages that none may import.
func moduleFolder(module string) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	check(err)
	return strings.TrimSpace(string(out))
}

type config struct {
	NamePrefix        kusttypes.FsSlice
	NameSuffix        kusttypes.FsSlice
	Namespace         kusttypes.FsSlice
	CommonLabels      kusttypes.FsSlice
	Labels            kusttypes.FsSlice
	TemplateLabels    kusttypes.FsSlice
	CommonAnnotations kusttypes.FsSlice
	NameReference     references
	VarReference      kusttypes.FsSlice
	Images            kusttypes.FsSlice
	Replicas          kusttypes.FsSlice
}

type reference struct {
	resid.Gvk  `json:",inline"`
	FieldSpecs kusttypes.FsSlice
}

type references []reference

func (r references) Len() int           { return len(r) }
func (r references) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r references) Less(i, j int) bool { return r[i].Gvk.IsLessThan(r[j].Gvk) }

func printFields() {
	folder := filepath.Join(moduleFolder("sigs.k8s.io/kustomize/api"), "internal/konfig/builtinpluginconsts")
	var c config
	for name, text := range constants(folder) {
		if strings.HasSuffix(name, "FieldSpecs") && name != "metadataLabelsFieldSpecs" {
			check(k8syaml.Unmarshal([]byte(text), &c))
		}
	}
	sort.Sort(c.NameReference)
	print("namePrefix", c.NamePrefix)
	print("nameSuffix", c.NameSuffix)
	print("namespace", c.Namespace)
	print("commonLabels", c.CommonLabels)
	print("templateLabels", c.TemplateLabels)
	print("commonAnnotations", c.CommonAnnotations)
	print("varReference", c.VarReference)
	print("images", c.Images)
	print("replicas", c.Replicas)
	for _, target := range c.NameReference {
		fmt.Printf("target\t%s\t%s\t%s\n", target.Group, target.Version, target.Kind)
		for _, f := range target.FieldSpecs {
			fmt.Println(line("nameReference", f))
		}
	}
}

func print(section string, fields kusttypes.FsSlice) {
	sort.Sort(fields)
	for _, f := range fields {
		fmt.Println(line(section, f))
	}
}

func line(section string, f kusttypes.FieldSpec) string {
	create := ""
	if f.CreateIfNotPresent {
		create = "create"
	}
	return strings.Join([]string{section, create, f.Group, f.Version, f.Kind, f.Path}, "\t")
}

// constants evaluates a package's string constants.
func constants(folder string) map[string]string {
	set := token.NewFileSet()
	files := parse(set, folder)
	checker := types.Config{Importer: importer.ForCompiler(set, "source", nil)}
	pkg, err := checker.Check("consts", set, files, nil)
	check(err)
	found := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && c.Val().Kind() == constant.String {
			found[name] = constant.StringVal(c.Val())
		}
	}
	return found
}

func parse(set *token.FileSet, folder string) []*ast.File {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	check(err)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		check(err)
		files = append(files, file)
	}
	return files
}

// printScopes prints the kinds that are known to have a namespace, or to have none.
func printScopes() {
	set := token.NewFileSet()
	folder := filepath.Join(moduleFolder("sigs.k8s.io/kustomize/kyaml"), "openapi")
	var lines []string
	for _, file := range parse(set, folder) {
		ast.Inspect(file, func(node ast.Node) bool {
			meta, ok := typeMeta(node)
			if isNamespaced, known := openapi.IsNamespaceScoped(meta); ok && known {
				scope := "cluster"
				if isNamespaced {
					scope = "namespaced"
				}
				lines = append(lines, fmt.Sprintf("%s\t%s\t%s", scope, meta.APIVersion, meta.Kind))
			}
			return true
		})
	}
	printSorted(lines)
}

// typeMeta recognises {APIVersion: "…", Kind: "…"}.
func typeMeta(node ast.Node) (meta yaml.TypeMeta, ok bool) {
	literal, isLiteral := node.(*ast.CompositeLit)
	if !isLiteral || len(literal.Elts) != 2 {
		return meta, false
	}
	for _, element := range literal.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		if !isPair {
			return meta, false
		}
		key, isName := pair.Key.(*ast.Ident)
		value, isText := pair.Value.(*ast.BasicLit)
		if !isName || !isText {
			return meta, false
		}
		switch key.Name {
		case "APIVersion":
			meta.APIVersion = strings.Trim(value.Value, `"`)
		case "Kind":
			meta.Kind = strings.Trim(value.Value, `"`)
		}
	}
	return meta, meta.Kind != ""
}

// printSchema prints the types from which a list that merges by key can be reached.
func printSchema() {
	definitions := openapi.Schema().Definitions
	walker := walker{definitions: definitions, useful: map[string]bool{}}
	for changed := true; changed; {
		changed = false
		for name := range definitions {
			if !walker.useful[name] && len(walker.fields(name)) > 0 {
				walker.useful[name] = true
				changed = true
			}
		}
	}
	var names []string
	for name := range walker.useful {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		short := short(name)
		fmt.Printf("type\t%s\n", short)
		printSorted(kinds(definitions[name]))
		printSorted(walker.fields(name))
	}
}

func short(name string) string {
	return strings.TrimPrefix(name, "io.k8s.")
}

func kinds(definition spec.Schema) (lines []string) {
	extension, _ := definition.Extensions["x-kubernetes-group-version-kind"].([]any)
	for _, one := range extension {
		fields := one.(map[string]any)
		version := fields["version"].(string)
		if group := fields["group"].(string); group != "" {
			version = group + "/" + version
		}
		lines = append(lines, fmt.Sprintf("kind\t%s\t%s", version, fields["kind"]))
	}
	return lines
}

type walker struct {
	definitions spec.Definitions
	useful      map[string]bool
}

// fields lists what a type holds: lists that merge, and types that hold such.
func (w walker) fields(name string) (lines []string) {
	for field, schema := range w.definitions[name].Properties {
		resource := openapi.ResourceSchema{Schema: &schema}
		strategy, keys := resource.PatchStrategyAndKeyList()
		merges := false
		for _, part := range strings.Split(strategy, ",") {
			merges = merges || part == "merge"
		}
		isList := len(schema.Type) == 1 && schema.Type[0] == "array"
		switch {
		case merges && isList:
			lines = append(lines, fmt.Sprintf("list\t%s\t%s\t%s", field, w.target(schema.Items.Schema), strings.Join(keys, ",")))
		case !isList && w.target(&schema) != "":
			lines = append(lines, fmt.Sprintf("map\t%s\t%s", field, w.target(&schema)))
		}
	}
	return lines
}

// target names a reference's type if it is useful.
func (w walker) target(schema *spec.Schema) string {
	name := strings.TrimPrefix(schema.Ref.String(), "#/definitions/")
	if !w.useful[name] {
		return ""
	}
	return short(name)
}

func printSorted(lines []string) {
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}
