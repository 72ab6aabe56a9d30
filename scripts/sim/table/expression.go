package table

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// holds evaluates a condition against a row; a nil row has no attributes.
func holds(expression *string, names map[string]string, values Item, row Item) error {
	if expression == nil {
		return nil
	}
	match, err := condition(*expression, names, values)
	if err != nil {
		return err
	}
	if !match(row) {
		return &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed")}
	}
	return nil
}

func isConditional(err error) bool {
	var c *types.ConditionalCheckFailedException
	return errors.As(err, &c)
}

// condition compiles a condition or key condition.
func condition(expression string, names map[string]string, values Item) (func(Item) bool, error) {
	p := &parser{tokens: tokenize(expression), names: names, values: values}
	match := p.or()
	if p.err == nil && p.peek() != "" {
		p.fail("trailing " + p.peek())
	}
	return match, p.err
}

// parser reads what the SDK's expression builder writes: placeholders for every name and value.
type parser struct {
	tokens []string
	names  map[string]string
	values Item
	err    error
}

func tokenize(s string) []string {
	var out []string
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == ' ' || c == '\n' || c == '\t':
			i++
		case strings.ContainsRune("(),+-", rune(c)):
			out, i = append(out, string(c)), i+1
		case strings.ContainsRune("<>=", rune(c)):
			j := i + 1
			for j < len(s) && strings.ContainsRune("<>=", rune(s[j])) {
				j++
			}
			out, i = append(out, s[i:j]), j
		default:
			j := i
			for j < len(s) && !strings.ContainsRune(" \n\t(),+-<>=", rune(s[j])) {
				j++
			}
			out, i = append(out, s[i:j]), j
		}
	}
	return out
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) take(word string) bool {
	if strings.EqualFold(p.peek(), word) {
		p.next()
		return true
	}
	return false
}

func (p *parser) want(word string) {
	if !p.take(word) {
		p.fail("expected " + word + ", found " + p.peek())
	}
}

func (p *parser) fail(why string) {
	if p.err == nil {
		p.err = invalid("Invalid expression: %s", why)
	}
	p.tokens = nil
}

func (p *parser) or() func(Item) bool {
	left := p.and()
	for p.take("OR") {
		l, r := left, p.and()
		left = func(it Item) bool { return l(it) || r(it) }
	}
	return left
}

func (p *parser) and() func(Item) bool {
	left := p.not()
	for p.take("AND") {
		l, r := left, p.not()
		left = func(it Item) bool { return l(it) && r(it) }
	}
	return left
}

func (p *parser) not() func(Item) bool {
	if p.take("NOT") {
		inner := p.not()
		return func(it Item) bool { return !inner(it) }
	}
	if p.take("(") {
		inner := p.or()
		p.want(")")
		return inner
	}
	return p.test()
}

// test is one comparison or function.
func (p *parser) test() func(Item) bool {
	switch f := strings.ToLower(p.peek()); f {
	case "attribute_exists", "attribute_not_exists":
		p.next()
		p.want("(")
		v := p.operand()
		p.want(")")
		return func(it Item) bool { return (v(it) != nil) == (f == "attribute_exists") }
	case "begins_with":
		p.next()
		p.want("(")
		v := p.operand()
		p.want(",")
		prefix := p.operand()
		p.want(")")
		return func(it Item) bool {
			_, isText := v(it).(*types.AttributeValueMemberS)
			return isText && strings.HasPrefix(Text(v(it)), Text(prefix(it)))
		}
	}
	left := p.operand()
	if p.take("BETWEEN") {
		low := p.operand()
		p.want("AND")
		high := p.operand()
		return func(it Item) bool {
			v := left(it)
			return ordered(v, low(it)) && compare(v, low(it)) >= 0 && compare(v, high(it)) <= 0
		}
	}
	op := p.next()
	right := p.operand()
	return func(it Item) bool { return compareBy(op, left(it), right(it)) }
}

func compareBy(op string, a, b types.AttributeValue) bool {
	switch op {
	case "=":
		return a != nil && equal(a, b)
	case "<>":
		return !equal(a, b)
	}
	if !ordered(a, b) {
		return false
	}
	c := compare(a, b)
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	}
	return false
}

// operand is a name, a value, or if_not_exists of both.
func (p *parser) operand() func(Item) types.AttributeValue {
	t := p.next()
	switch {
	case strings.EqualFold(t, "if_not_exists"):
		p.want("(")
		v := p.operand()
		p.want(",")
		otherwise := p.operand()
		p.want(")")
		return func(it Item) types.AttributeValue {
			if x := v(it); x != nil {
				return x
			}
			return otherwise(it)
		}
	case strings.HasPrefix(t, ":"):
		v, ok := p.values[t]
		if !ok {
			p.fail("unknown value " + t)
		}
		return func(Item) types.AttributeValue { return v }
	case strings.HasPrefix(t, "#"):
		name := p.name(t)
		return func(it Item) types.AttributeValue { return it[name] }
	}
	p.fail("unexpected " + t)
	return func(Item) types.AttributeValue { return nil }
}

// name resolves a placeholder. Paths into documents are not imitated.
func (p *parser) name(t string) string {
	name, ok := p.names[t]
	if !ok {
		p.fail("unknown name " + t)
	}
	return name
}

// update applies SET, ADD and REMOVE to item; operands are read from the row as it was before.
func update(expression string, names map[string]string, values Item, before, item Item) error {
	p := &parser{tokens: tokenize(expression), names: names, values: values}
	for p.err == nil && p.peek() != "" {
		switch clause := strings.ToUpper(p.next()); clause {
		case "SET":
			p.each(func() { p.set(before, item) })
		case "ADD":
			p.each(func() { p.add(before, item) })
		case "REMOVE":
			p.each(func() { delete(item, p.name(p.next())) })
		default:
			p.fail("clause " + clause)
		}
	}
	return p.err
}

func (p *parser) each(one func()) {
	one()
	for p.take(",") {
		one()
	}
}

func (p *parser) set(before, item Item) {
	name := p.name(p.next())
	p.want("=")
	v := p.operand()(before)
	if op := p.peek(); op == "+" || op == "-" {
		p.next()
		v = sum(v, p.operand()(before), op == "-")
	}
	if v == nil {
		p.fail("an operand has no value")
		return
	}
	item[name] = v
}

func (p *parser) add(before, item Item) {
	name := p.name(p.next())
	v := p.operand()(before)
	switch v := v.(type) {
	case *types.AttributeValueMemberN:
		have := before[name]
		if have == nil {
			have = &types.AttributeValueMemberN{Value: "0"}
		}
		item[name] = sum(have, v, false)
	case *types.AttributeValueMemberSS:
		all := slices.Clone(v.Value)
		if have, ok := before[name].(*types.AttributeValueMemberSS); ok {
			all = append(all, have.Value...)
		}
		slices.Sort(all)
		item[name] = &types.AttributeValueMemberSS{Value: slices.Compact(all)}
	default:
		p.fail("ADD of this type is not imitated")
	}
}

func number(v types.AttributeValue) (*big.Rat, bool) {
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(n.Value)
}

func sum(a, b types.AttributeValue, minus bool) types.AttributeValue {
	x, ok := number(a)
	y, fine := number(b)
	if !ok || !fine {
		return nil
	}
	if minus {
		y.Neg(y)
	}
	x.Add(x, y)
	s := x.FloatString(20)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return &types.AttributeValueMemberN{Value: s}
}

func ordered(a, b types.AttributeValue) bool {
	switch a.(type) {
	case *types.AttributeValueMemberS:
		_, ok := b.(*types.AttributeValueMemberS)
		return ok
	case *types.AttributeValueMemberN:
		_, ok := b.(*types.AttributeValueMemberN)
		return ok
	case *types.AttributeValueMemberB:
		_, ok := b.(*types.AttributeValueMemberB)
		return ok
	}
	return false
}

// compare orders two values of one type that can be a key.
func compare(a, b types.AttributeValue) int {
	switch x := a.(type) {
	case *types.AttributeValueMemberS:
		return cmp.Compare(x.Value, Text(b))
	case *types.AttributeValueMemberB:
		if y, ok := b.(*types.AttributeValueMemberB); ok {
			return bytes.Compare(x.Value, y.Value)
		}
	case *types.AttributeValueMemberN:
		m, ok := number(a)
		n, fine := number(b)
		if ok && fine {
			return m.Cmp(n)
		}
	}
	return 0
}

func equal(a, b types.AttributeValue) bool {
	if ordered(a, b) {
		return compare(a, b) == 0
	}
	switch x := a.(type) {
	case *types.AttributeValueMemberBOOL:
		y, ok := b.(*types.AttributeValueMemberBOOL)
		return ok && x.Value == y.Value
	case *types.AttributeValueMemberNULL:
		_, ok := b.(*types.AttributeValueMemberNULL)
		return ok
	case *types.AttributeValueMemberSS:
		y, ok := b.(*types.AttributeValueMemberSS)
		return ok && slices.Equal(slices.Sorted(slices.Values(x.Value)), slices.Sorted(slices.Values(y.Value)))
	case *types.AttributeValueMemberL:
		y, ok := b.(*types.AttributeValueMemberL)
		return ok && slices.EqualFunc(x.Value, y.Value, equal)
	case *types.AttributeValueMemberM:
		y, ok := b.(*types.AttributeValueMemberM)
		return ok && maps.EqualFunc(x.Value, y.Value, equal)
	}
	return false
}
