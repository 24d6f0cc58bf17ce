// A CoAP server on go-coap over pion/dtls: POST anywhere is answered with 2.04 and 40 bytes. See ../README.md for its lines.
//
//	server PORT KEY      KEY is the pre-shared key of every identity, in hexadecimal digits
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"runtime"
	"time"

	piondtls "github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/dtls/server"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

const payloadBytes = 40

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: server PORT KEY")
	}
	key, err := hex.DecodeString(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	listener, err := coapnet.NewDTLSListener("udp4", "127.0.0.1:"+os.Args[1], &piondtls.Config{
		PSK:          func([]byte) ([]byte, error) { return key, nil },
		SessionStore: &sessions{},
		CipherSuites: []piondtls.CipherSuiteID{
			piondtls.TLS_PSK_WITH_AES_128_CCM_8,
			piondtls.TLS_PSK_WITH_AES_128_CBC_SHA256,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	go serveLines()
	payload := bytes.Repeat([]byte("r"), payloadBytes)
	router := mux.NewRouter()
	router.DefaultHandleFunc(func(w mux.ResponseWriter, _ *mux.Message) {
		_ = w.SetResponse(codes.Changed, message.AppOctets, bytes.NewReader(payload))
	})
	fmt.Println("ready", runtime.Version())
	log.Fatal(dtls.NewServer(
		options.WithMux(router),
		// A device is silent for hours: go-coap's 16 seconds would end every session while it is being measured.
		neverInactive{},
		options.WithErrors(func(error) {}),
	).Serve(listener))
}

// neverInactive is the server option that turns off go-coap's monitor of silent connections.
type neverInactive struct{}

func (neverInactive) DTLSServerApply(config *server.Config) {
	config.CreateInactivityMonitor = func() client.InactivityMonitor { return silent{} }
}

type silent struct{}

func (silent) Notify()                                 {}
func (silent) CheckInactivity(time.Time, *client.Conn) {}

func serveLines() {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		if input.Text() == "memory" {
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			fmt.Println("memory", stats.HeapAlloc+stats.StackInuse)
		}
	}
	os.Exit(0)
}
