// Package iam compares what a function's code can ask of AWS with what template.yaml allows it.
package iam

import (
	"cmp"
	"errors"
	"fmt"
	"go/constant"
	"go/types"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

const (
	sdk       = "github.com/aws/aws-sdk-go-v2/service/"
	queueName = "lumo/shared/queue.Queue"
	signer    = "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	// presigning is what the SDK's signer does for addresses.
	presigning = "s3.PresignHTTP"
)

// Needs is what a program can reach, each with one way there: the functions in between.
type Needs struct {
	// Calls are operations of the SDK's clients: "dynamodb.PutItem".
	Calls map[string]string
	// Queues are the logical names of queues that are named, other than to compare with them or to say what handles their messages.
	Queues map[string]string
}

// Reach analyses main packages, given as patterns of the go command, from the folder root. The answer is by the last element of the package's
// path: the folder of the function.
func Reach(root string, patterns ...string) (map[string]Needs, error) {
	all, err := packages.Load(&packages.Config{Mode: packages.LoadAllSyntax, Dir: root}, patterns...)
	if err != nil {
		return nil, err
	}
	var broken []error
	packages.Visit(all, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			broken = append(broken, e)
		}
	})
	if err := errors.Join(broken...); err != nil {
		return nil, err
	}
	program, mains := ssautil.AllPackages(all, ssa.InstantiateGenerics)
	program.Build()
	everything := ssautil.AllFunctions(program)
	out := map[string]Needs{}
	for _, p := range mains {
		if p == nil || p.Pkg.Name() != "main" {
			continue
		}
		out[path.Base(p.Pkg.Path())] = needsOf(p, everything)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no program among %v", patterns)
	}
	return out, nil
}

// needsOf follows the calls that are possible from the program's start on, through our own code: variable type analysis tells which functions a
// value can be, and a function that is handed to somebody else's code counts as called. It looks again at only what it reached until nothing
// falls away any more: a function value counts only where the code that makes it can be reached itself.
func needsOf(main *ssa.Package, everything map[*ssa.Function]bool) Needs {
	linked := map[string]bool{"sync": true} // sync.OnceValue hands on what our functions make
	link(main.Pkg, linked)
	among := map[*ssa.Function]bool{}
	for f := range everything {
		if _, ok := operation(f); ok || linked[packageOf(f)] {
			among[f] = true
		}
	}
	for {
		needs, reached := follow(main, among)
		if len(reached) == len(among) {
			return needs
		}
		among = reached
	}
}

// follow tells what is needed, and which functions were reached.
func follow(main *ssa.Package, among map[*ssa.Function]bool) (Needs, map[*ssa.Function]bool) {
	calls := vta.CallGraph(among, nil)
	needs := Needs{map[string]string{}, map[string]string{}}
	from := map[*ssa.Function]*ssa.Function{}
	way := func(f *ssa.Function) string {
		var names []string
		for ; f != nil; f = from[f] {
			names = append(names, strings.ReplaceAll(f.String(), "lumo/", ""))
		}
		slices.Reverse(names)
		return strings.Join(names, " > ")
	}
	roots := []*ssa.Function{main.Func("init"), main.Func("main")}
	reached := map[*ssa.Function]bool{roots[0]: true, roots[1]: true}
	for next := roots; len(next) > 0; {
		f := next[0]
		next = next[1:]
		for _, q := range named(f) {
			needs.Queues[q] = cmp.Or(needs.Queues[q], way(f))
		}
		callees := handedOn(f)
		if n := calls.Nodes[f]; n != nil {
			for _, e := range n.Out {
				callees = append(callees, e.Callee.Func)
			}
		}
		for _, g := range callees {
			op, sdk := operation(g)
			if sdk {
				needs.Calls[op] = cmp.Or(needs.Calls[op], way(f))
			}
			if reached[g] || !among[g] {
				continue
			}
			reached[g] = true
			if !sdk {
				from[g] = f
				next = append(next, g)
			}
		}
	}
	return needs, reached
}

// link collects our packages that p imports.
func link(p *types.Package, into map[string]bool) {
	if into[p.Path()] || !ours(p.Path()) {
		return
	}
	into[p.Path()] = true
	for _, q := range p.Imports() {
		link(q, into)
	}
}

// packageOf is the package whose code f is; methods that the compiler makes belong to their type's.
func packageOf(f *ssa.Function) string {
	for f.Parent() != nil {
		f = f.Parent()
	}
	if o := f.Origin(); o != nil {
		f = o
	}
	switch {
	case f.Pkg != nil:
		return f.Pkg.Pkg.Path()
	case f.Object() != nil && f.Object().Pkg() != nil:
		return f.Object().Pkg().Path()
	}
	return ""
}

func ours(path string) bool { return strings.HasPrefix(path, "lumo/") }

// handedOn finds our functions and methods that f hands to code that is not ours.
func handedOn(f *ssa.Function) []*ssa.Function {
	var out []*ssa.Function
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			call, ok := in.(ssa.CallInstruction)
			if !ok || call.Common().StaticCallee() == nil || ours(packageOf(call.Common().StaticCallee())) {
				continue
			}
			for _, arg := range call.Common().Args {
				out = append(out, callable(arg)...)
			}
		}
	}
	return out
}

func callable(v ssa.Value) []*ssa.Function {
	switch v := v.(type) {
	case *ssa.Function:
		return []*ssa.Function{v}
	case *ssa.MakeClosure:
		return []*ssa.Function{v.Fn.(*ssa.Function)}
	case *ssa.ChangeType:
		return callable(v.X)
	case *ssa.MakeInterface:
		wanted, ok := v.Type().Underlying().(*types.Interface)
		if !ok {
			return nil
		}
		out := callable(v.X)
		methods := v.Parent().Prog.MethodSets.MethodSet(v.X.Type())
		for m := range methods.Methods() {
			// Whoever takes anything finds its methods by reflection, as the Lambda runtime does.
			name := m.Obj().Name()
			if o, _, _ := types.LookupFieldOrMethod(wanted, false, m.Obj().Pkg(), name); o != nil || wanted.NumMethods() == 0 && m.Obj().Exported() {
				out = append(out, v.Parent().Prog.MethodValue(m))
			}
		}
		return out
	}
	return nil
}

// operation is the AWS call behind a method of one of the SDK's clients.
func operation(f *ssa.Function) (string, bool) {
	if f.String() == "(*"+signer+".Signer).PresignHTTP" || f.String() == "("+signer+".Signer).PresignHTTP" {
		return presigning, true
	}
	if f.Pkg == nil || f.Signature.Recv() == nil || !strings.HasPrefix(f.Pkg.Pkg.Path(), sdk) {
		return "", false
	}
	service, rest, _ := strings.Cut(strings.TrimPrefix(f.Pkg.Pkg.Path(), sdk), "/")
	named, ok := types.Unalias(deref(f.Signature.Recv().Type())).(*types.Named)
	if rest != "" || !ok || named.Obj().Name() != "Client" || !f.Object().Exported() || f.Name() == "Options" {
		return "", false
	}
	return service + "." + f.Name(), true
}

func deref(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// named finds the queues that a function names; the port's own list of all of them does not count.
func named(f *ssa.Function) []string {
	if pkg := packageOf(f); !ours(pkg) || strings.HasPrefix(pkg, "lumo/shared/queue") {
		return nil
	}
	var out []string
	for _, b := range f.Blocks {
		for _, in := range b.Instrs {
			switch in.(type) {
			case *ssa.MapUpdate, *ssa.Lookup, *ssa.BinOp:
				continue
			}
			for _, v := range in.Operands(nil) {
				if c, ok := (*v).(*ssa.Const); ok && c.Value != nil && c.Type().String() == queueName && constant.StringVal(c.Value) != "" {
					out = append(out, constant.StringVal(c.Value))
				}
			}
		}
	}
	return out
}
