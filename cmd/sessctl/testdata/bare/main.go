// Bare is the least that a command on cobra can be: BenchmarkStartUp compares
// sessctl with it.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	cmd := &cobra.Command{Use: "bare", Run: func(*cobra.Command, []string) { fmt.Println("one line") }}
	if cmd.Execute() != nil {
		os.Exit(1)
	}
}
