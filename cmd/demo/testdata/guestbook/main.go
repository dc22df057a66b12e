// Command guestbook is somebody else's web application: it knows nothing of the
// platform, and became protected by the lines marked "agent".
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/sqreen/sqreen/agentkit" // agent
)

func main() {
	agent := agentkit.New(agentkit.Config{}) // agent
	defer agent.Close(context.Background())  // agent

	mux := http.NewServeMux()
	newBook().routes(mux)
	server := &http.Server{
		Handler:           agent.Middleware(mux), // agent
		ReadHeaderTimeout: 5 * time.Second,
	}
	if err := serve(server); err != nil {
		log.Print(err)
	}
}

// serve runs until it is interrupted.
func serve(server *http.Server) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + l.Addr().String())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}
