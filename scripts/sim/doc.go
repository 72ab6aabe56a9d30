// Package sim plays Lumo, HubSpot, LINE and AWS in one thread and in virtual time. The functions are the real ones, wired as in their
// main files; HubSpot and LINE are the sandboxes, SQS is the development stand-in, the table is scripts/sim/table. One scheduler decides
// who goes on: every call that leaves a function (table, queue, key service, HubSpot, LINE) takes some time, and meanwhile others work.
// Order, delays, duplicates, faults of the providers, and crashes before and after any call are drawn from the seed, so the same seed
// gives the same trace, down to its hash.
//
// A run has three parts: people on both sides do things, in two or three spells of bad weather with a lull between them, in which
// everything must arrive; then the weather clears for good and two intervals of the automatic sync pass; then the checks (invariants.go,
// I1 to I9) look at what the sandboxes received and were promised. plants.go holds bugs that the checks must find.
package sim
