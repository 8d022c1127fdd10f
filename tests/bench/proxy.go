// SPDX-License-Identifier: GPL-2.0-or-later

// usage: proxy PORT AGENT-PORT CERTIFICATE KEY [CA]
//
// TLS by Go's own library in front of an agent, as an agent in Go would end it:
// a goroutine for each direction of each connection.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"os"
)

func carry(to, from net.Conn, done func()) {
	io.Copy(to, from)
	done()
}

func serve(client *tls.Conn, agent string) {
	defer client.Close()
	if client.Handshake() != nil {
		return
	}
	server, err := net.Dial("tcp", agent)
	if err != nil {
		return
	}
	defer server.Close()
	go carry(server, client, func() { server.(*net.TCPConn).CloseWrite() })
	carry(client, server, func() { client.CloseWrite() })
}

func main() {
	if len(os.Args) != 5 && len(os.Args) != 6 {
		log.Fatal("usage: proxy PORT AGENT-PORT CERTIFICATE KEY [CA]")
	}
	pair, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS13,
		// Full records from the first byte, as everybody else sends.
		DynamicRecordSizingDisabled: true,
	}
	if len(os.Args) == 6 {
		pem, err := os.ReadFile(os.Args[5])
		if err != nil {
			log.Fatal(err)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs = x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(pem)
	}
	listener, err := net.Listen("tcp", ":"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(tls.Server(client, config), "127.0.0.1:"+os.Args[2])
	}
}
