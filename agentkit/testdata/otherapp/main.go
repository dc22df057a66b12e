// Command otherapp is a web application of somebody else. The lines that end in
// "// sqreen" are all that the agent takes.
package main

import (
	"context" // sqreen
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/sqreen/sqreen/agentkit" // sqreen
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.PathValue("name"))
	})
	done := make(chan struct{})
	mux.HandleFunc("POST /quit", func(http.ResponseWriter, *http.Request) { close(done) })

	agent := agentkit.New(agentkit.Config{})               // sqreen
	defer agent.Close(context.Background())                // sqreen
	server := &http.Server{Handler: agent.Middleware(mux)} // sqreen

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	go func() { _ = server.Serve(listener) }()
	<-done
	_ = server.Shutdown(context.Background())
}
