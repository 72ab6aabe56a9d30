// Package cost counts what scenarios ask of AWS, in the local cloud and with the real binaries, and prices the counts from a dated table.
package cost

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// Count is what is paid for.
type Count struct {
	LambdaRequests, GBSeconds        float64
	APIRequests                      float64
	WriteUnits, ReadUnits            float64
	QueueCalls, FIFOCalls            float64
	KeyCalls                         float64
	ObjectWrites, ObjectReads, Mails float64
	LogBytes                         float64
}

// each applies f to every member of both.
func (c Count) each(d Count, f func(a, b float64) float64) Count {
	return Count{
		f(c.LambdaRequests, d.LambdaRequests), f(c.GBSeconds, d.GBSeconds), f(c.APIRequests, d.APIRequests), f(c.WriteUnits, d.WriteUnits),
		f(c.ReadUnits, d.ReadUnits), f(c.QueueCalls, d.QueueCalls), f(c.FIFOCalls, d.FIFOCalls), f(c.KeyCalls, d.KeyCalls),
		f(c.ObjectWrites, d.ObjectWrites), f(c.ObjectReads, d.ObjectReads), f(c.Mails, d.Mails), f(c.LogBytes, d.LogBytes),
	}
}

// Plus, Minus and Times calculate member by member.
func (c Count) Plus(d Count) Count  { return c.each(d, func(a, b float64) float64 { return a + b }) }
func (c Count) Minus(d Count) Count { return c.each(d, func(a, b float64) float64 { return a - b }) }
func (c Count) Times(n float64) Count {
	return c.each(c, func(a, _ float64) float64 { return a * n })
}

// Prices is prices.json.
type Prices struct {
	AsOf, Region, Currency, Source string
	PerMillion                     struct {
		LambdaRequests, APIRequests, FrontRequests, WriteUnits, ReadUnits, QueueCalls, FIFOCalls, KeyCalls, ObjectWrites, ObjectReads, Mails float64
	}
	LambdaGBSecond, LogGB float64
	Monthly               struct{ Alarm, Dashboard, Key, Metric float64 }
}

//go:embed prices.json
var table []byte

// Table reads prices.json.
func Table() (Prices, error) {
	var p Prices
	return p, json.Unmarshal(table, &p)
}

// Of is the price of a count.
func (p Prices) Of(c Count) float64 {
	m := p.PerMillion
	return (c.LambdaRequests*m.LambdaRequests+c.APIRequests*(m.APIRequests+m.FrontRequests)+c.WriteUnits*m.WriteUnits+c.ReadUnits*m.ReadUnits+
		c.QueueCalls*m.QueueCalls+c.FIFOCalls*m.FIFOCalls+c.KeyCalls*m.KeyCalls+c.ObjectWrites*m.ObjectWrites+c.ObjectReads*m.ObjectReads+
		c.Mails*m.Mails)/1e6 + c.GBSeconds*p.LambdaGBSecond + c.LogBytes/1e9*p.LogGB
}

// Fixed is what a stage costs a month before anybody uses it: its alarms, dashboard, key and own metrics, and Lambda's polling of its queues,
// which five pollers for each event source do with long polls of 20 s.
func (p Prices) Fixed(alarms, metrics, standard, fifo int) (monthly, polling float64) {
	const polls = 5 * 30 * 24 * 3600 / 20
	monthly = float64(alarms)*p.Monthly.Alarm + float64(metrics)*p.Monthly.Metric + p.Monthly.Dashboard + p.Monthly.Key
	return monthly, p.Of(Count{QueueCalls: float64(standard) * polls, FIFOCalls: float64(fifo) * polls})
}

// Line is one row of the sheet.
type Line struct {
	What  string
	Count Count
}

// Sheet is docs/cost.md.
func Sheet(p Prices, measured string, lines []Line, monthly, polling float64) string {
	var s strings.Builder
	fmt.Fprintf(&s, `# What Lumo costs

Made by %smake cost%s: the real binaries do each scenario in the local cloud, every call to an AWS service is counted, and the counts are priced. %s
Prices: %s, %s, as of %s (%s).

Durations are those of a developer's machine; Lambda at 256 MB has about a seventh of a core and takes longer where it computes, not where it waits.

| scenario | Lambda requests | GB-seconds | HTTP requests | write units | read units | queue calls | key calls | objects | log MB | %s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`, "`", "`", measured, p.Region, p.Currency, p.AsOf, p.Source, p.Currency)
	for _, l := range lines {
		c := l.Count
		fmt.Fprintf(&s, "| %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %.2f |\n", l.What, c.LambdaRequests, c.GBSeconds, c.APIRequests, c.WriteUnits,
			c.ReadUnits, c.QueueCalls+c.FIFOCalls, c.KeyCalls, c.ObjectWrites+c.ObjectReads, c.LogBytes/1e6, p.Of(c))
	}
	fmt.Fprintf(&s, `
A stage without any customer costs %.2f a month for alarms, dashboard, metrics and key, and %.2f for Lambda's polling of its queues. Not counted: storage, backups,
data transfer, traces, the firewall, what LINE charges for messages, and write units of conditions that did not hold (the local table does not tell them).
`, monthly, polling)
	return s.String()
}
