// Sessctl reads the session cookies of Python web frameworks: Starlette and
// FastAPI (signed), Litestar and Starlite (encrypted).
//
// See sessctl help for its commands. Data goes to stdout, everything else to
// stderr; sessctl help exit-codes lists what the exit code says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

func main() {
	// A write into a closed pipe is an error like any other, see exitCode.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], systemEnv()))
}

// run is the whole program but for the process around it.
func run(args []string, e *env) (code int) {
	out := &firstError{w: e.stdout}
	e.stdout = out
	say := newVoice(e)
	defer func() {
		if v := recover(); v != nil {
			code = say.exitCode(internalError())
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt ends a process that hangs

	root := newRoot(e, say, args)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	// A reader that has gone changes no verdict.
	if out.err != nil && !(isBrokenPipe(out.err) && (err == nil || errors.As(err, new(told)))) {
		err = writeFailed(out.err)
	}
	return say.exitCode(err)
}

// internalError says where the panic happened that is being recovered. What was
// panicked with may hold cookie content, so it is not shown.
func internalError() error {
	return &failure{code: exitInternal, text: fmt.Sprintf("internal error at %s; this is a bug in %s", panicSite(), versionLine())}
}

// panicSite returns the file and line of the panic that is being recovered.
func panicSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	for panicked := false; ; {
		frame, more := frames.Next()
		isRuntime := len(frame.Function) > 8 && frame.Function[:8] == "runtime."
		if panicked && !isRuntime {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}
