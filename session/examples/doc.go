// Package examples holds the programs that README.md describes, one a folder.
// They are a module of their own, so that no user of package session depends on
// the routers that they show.
package examples
