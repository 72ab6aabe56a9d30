// Package contract holds tests of our adapters against the local stand-ins: lumo/shared must not know them, so the tests live here.
package contract
