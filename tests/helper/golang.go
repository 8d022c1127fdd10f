// SPDX-License-Identifier: GPL-2.0-or-later

// Go's crypto/tls as it is by default: a server, a client, and what that client
// offers. And an agent without TLS.
//
//	golang agent ADDRESS
//	golang server ADDRESS CERTIFICATE KEY
//	golang client ADDRESS CA
//	golang load ADDRESS CA CERTIFICATE KEY
//	golang hello
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func say(what map[string]any) {
	what["go"] = runtime.Version()
	json.NewEncoder(os.Stdout).Encode(what)
}

func server(address, certificate, key string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		fail(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	listener, err := tls.Listen("tcp", address, config)
	if err != nil {
		fail(err)
	}
	echo(listener)
}

// agent listens as Go's servers do, with Multipath TCP where the kernel has it, and
// moves the bytes by splice(2).
func agent(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		fail(err)
	}
	echo(listener)
}

func echo(listener net.Listener) {
	fmt.Println("listening")
	for {
		conn, err := listener.Accept()
		if err != nil {
			fail(err)
		}
		go func() {
			io.Copy(conn, conn)
			conn.Close()
		}()
	}
}

func roots(ca string) *x509.CertPool {
	pem, err := os.ReadFile(ca)
	if err != nil {
		fail(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

func client(address, ca string) {
	conn, err := tls.Dial("tcp", address, &tls.Config{
		RootCAs: roots(ca), ServerName: "localhost",
	})
	if err != nil {
		fail(err)
	}
	state := conn.ConnectionState()
	sent := []byte("hello gate")
	got := make([]byte, len(sent))
	if _, err = conn.Write(sent); err == nil {
		_, err = io.ReadFull(conn, got)
	}
	if err != nil {
		fail(err)
	}
	say(map[string]any{
		"version": tls.VersionName(state.Version),
		"suite":   tls.CipherSuiteName(state.CipherSuite),
		"echo":    string(got) == string(sent),
	})
}

// load sends standard input and writes what comes to standard output, both at
// once.
func load(address, ca, certificate, key string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		fail(err)
	}
	conn, err := tls.Dial("tcp", address, &tls.Config{
		RootCAs: roots(ca), ServerName: "localhost",
		Certificates: []tls.Certificate{pair},
	})
	if err != nil {
		fail(err)
	}
	sent := make(chan error)
	go func() {
		_, err := io.Copy(conn, os.Stdin)
		if err == nil {
			err = conn.CloseWrite()
		}
		sent <- err
	}()
	if _, err = io.Copy(os.Stdout, conn); err != nil {
		fail(err)
	}
	if err = <-sent; err != nil {
		fail(err)
	}
	conn.Close()
}

// hello prints the numbers of what a default client offers.
func hello() {
	near, far := net.Pipe()
	go tls.Client(far, &tls.Config{ServerName: "localhost"}).Handshake()
	tls.Server(near, &tls.Config{
		GetConfigForClient: func(info *tls.ClientHelloInfo) (*tls.Config, error) {
			say(map[string]any{
				"versions": info.SupportedVersions,
				"suites":   info.CipherSuites,
				"groups":   info.SupportedCurves,
			})
			os.Exit(0)
			return nil, nil
		},
	}).Handshake()
}

func main() {
	arguments := append(os.Args[1:], "")
	switch {
	case arguments[0] == "agent" && len(os.Args) == 3:
		agent(arguments[1])
	case arguments[0] == "server" && len(os.Args) == 5:
		server(arguments[1], arguments[2], arguments[3])
	case arguments[0] == "client" && len(os.Args) == 4:
		client(arguments[1], arguments[2])
	case arguments[0] == "load" && len(os.Args) == 6:
		load(arguments[1], arguments[2], arguments[3], arguments[4])
	case arguments[0] == "hello" && len(os.Args) == 2:
		hello()
	default:
		fail(fmt.Errorf("usage: golang agent ADDRESS | server ADDRESS CERTIFICATE KEY | client ADDRESS CA | load ADDRESS CA CERTIFICATE KEY | hello"))
	}
}
