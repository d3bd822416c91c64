// Command relay hands TCP connections on to a server some time later, as a
// long way there and back would, and notes each connection. bench.sh puts it
// between a forwarder and the DNS-over-TLS server.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"
)

func main() {
	listen := flag.String("listen", "", "`ADDR:PORT` to accept on")
	to := flag.String("to", "", "`ADDR:PORT` of the server")
	delay := flag.Duration("delay", 0, "how much later bytes arrive, each way")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve(l, *to, *delay))
}

// serve relays until l is closed, and prints a line for each connection.
func serve(l net.Listener, to string, delay time.Duration) error {
	for {
		client, err := l.Accept()
		if err != nil {
			return err
		}
		fmt.Println(client.RemoteAddr())
		go func() {
			defer client.Close()
			server, err := net.Dial("tcp", to)
			if err != nil {
				log.Print(err)
				return
			}
			defer server.Close()
			join(client.(*net.TCPConn), server.(*net.TCPConn), delay)
		}()
	}
}

// join relays both ways until both have ended.
func join(a, b *net.TCPConn, delay time.Duration) {
	var ways sync.WaitGroup
	ways.Go(func() { later(a, b, delay) })
	ways.Go(func() { later(b, a, delay) })
	ways.Wait()
}

// chunk is what was read at once, and when it is due. No bytes mean the end.
type chunk struct {
	bytes []byte
	due   time.Time
}

// depth is how many chunks are under way at most, each of 16 KiB at most.
const depth = 4096

// later writes to dst what src sends, its end included, that much later.
func later(dst interface {
	io.Writer
	CloseWrite() error
}, src io.Reader, delay time.Duration) {
	way := make(chan chunk, depth)
	go func() {
		defer close(way)
		buf := make([]byte, 16<<10)
		for {
			n, err := src.Read(buf)
			if n > 0 {
				way <- chunk{append([]byte(nil), buf[:n]...), time.Now().Add(delay)}
			}
			if err != nil {
				way <- chunk{nil, time.Now().Add(delay)}
				return
			}
		}
	}()
	for c := range way {
		time.Sleep(time.Until(c.due))
		if c.bytes == nil {
			_ = dst.CloseWrite()
		} else if _, err := dst.Write(c.bytes); err != nil {
			break
		}
	}
	for range way { // what nobody reads any more
	}
}
