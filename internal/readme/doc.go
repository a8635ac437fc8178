// Package readme holds the tests of the README, and nothing else.
package readme
