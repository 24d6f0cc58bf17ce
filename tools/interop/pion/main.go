// A CoAP client for interoperability tests: go-coap over pion/dtls, with or without connection ids (RFC 9146).
// It speaks the line protocol of ../README.md on stdin and stdout.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	piondtls "github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

type line struct {
	Event   string      `json:"event"`
	Session bool        `json:"session,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	Type    string      `json:"type,omitempty"`
	Code    string      `json:"code,omitempty"`
	Options [][2]string `json:"options,omitempty"`
	Payload string      `json:"payload,omitempty"`
}

var (
	port      = flag.Int("port", 5684, "UDP port of the server on 127.0.0.1")
	identity  = flag.String("identity", "", "PSK identity")
	psk       = flag.String("psk", "", "PSK in hexadecimal digits")
	suite     = flag.String("suite", "CCM_8", "CCM_8 or CBC_SHA256")
	cidBytes  = flag.Int("cid", -1, "bytes of the connection id for records to this client; -1: no connection ids")
	within    = flag.Int("within", 10_000, "milliseconds for the handshake, and for every response")
	blockSize = flag.Int("block", 1024, "bytes of a block")
)

var suites = map[string]piondtls.CipherSuiteID{
	"CCM_8":      piondtls.TLS_PSK_WITH_AES_128_CCM_8,
	"CBC_SHA256": piondtls.TLS_PSK_WITH_AES_128_CBC_SHA256,
}

func main() {
	flag.Parse()
	conn, err := connect()
	if err != nil {
		say(line{Event: "failed", Reason: err.Error()})
		os.Exit(1)
	}
	say(line{Event: "ready"})
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		answer, err := exchange(conn, strings.Fields(input.Text()))
		if err != nil {
			answer = line{Event: "failed", Session: true, Reason: err.Error()}
		}
		say(answer)
	}
	_ = conn.Close()
}

func connect() (*client.Conn, error) {
	key, err := hex.DecodeString(*psk)
	if err != nil {
		return nil, err
	}
	config := &piondtls.Config{
		PSK:             func([]byte) ([]byte, error) { return key, nil },
		PSKIdentityHint: []byte(*identity),
		CipherSuites:    []piondtls.CipherSuiteID{suites[*suite]},
	}
	switch {
	case *cidBytes == 0:
		config.ConnectionIDGenerator = piondtls.OnlySendCIDGenerator()
	case *cidBytes > 0:
		config.ConnectionIDGenerator = piondtls.RandomCIDGenerator(*cidBytes)
	}
	szx, err := blockSizeExponent(*blockSize)
	if err != nil {
		return nil, err
	}
	secured, err := piondtls.Dial("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *port}, config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), withinDuration())
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return dtls.Client(secured, options.WithBlockwise(true, szx, withinDuration()), options.WithCloseSocket()), nil
}

func blockSizeExponent(size int) (blockwise.SZX, error) {
	for szx := blockwise.SZX16; szx <= blockwise.SZX1024; szx++ {
		if szx.Size() == int64(size) {
			return szx, nil
		}
	}
	return 0, fmt.Errorf("no block has %d bytes", size)
}

// exchange carries out `METHOD path CON|NON payload|- [number=value …]`, payload and values in base64.
func exchange(conn *client.Conn, words []string) (line, error) {
	if len(words) < 4 {
		return line{}, fmt.Errorf("a request has four words or more, not %d", len(words))
	}
	ctx, cancel := context.WithTimeout(context.Background(), withinDuration())
	defer cancel()
	request := conn.AcquireMessage(ctx)
	defer conn.ReleaseMessage(request)
	token, err := message.GetToken()
	if err != nil {
		return line{}, err
	}
	request.SetToken(token)
	code, known := methods[words[0]]
	if !known {
		return line{}, fmt.Errorf("no method %q", words[0])
	}
	request.SetCode(code)
	request.MustSetPath(words[1])
	request.SetType(message.Confirmable)
	if words[2] == "NON" {
		request.SetType(message.NonConfirmable)
	}
	if words[3] != "-" {
		payload, err := base64.StdEncoding.DecodeString(words[3])
		if err != nil {
			return line{}, err
		}
		request.SetBody(bytes.NewReader(payload))
	}
	for _, word := range words[4:] {
		number, value, err := parseOption(word)
		if err != nil {
			return line{}, err
		}
		request.AddOptionBytes(number, value)
	}
	response, err := conn.Do(request)
	if err != nil {
		return line{}, err
	}
	defer conn.ReleaseMessage(response)
	body, err := response.ReadBody()
	if err != nil {
		return line{}, err
	}
	shown := line{
		Event:   "response",
		Type:    types[response.Type()],
		Code:    fmt.Sprintf("%d.%02d", response.Code()>>5, response.Code()&0x1f),
		Payload: base64.StdEncoding.EncodeToString(body),
	}
	for _, option := range response.Options() {
		value := base64.StdEncoding.EncodeToString(option.Value)
		shown.Options = append(shown.Options, [2]string{strconv.Itoa(int(option.ID)), value})
	}
	return shown, nil
}

func parseOption(word string) (message.OptionID, []byte, error) {
	number, value, _ := strings.Cut(word, "=")
	id, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return 0, nil, err
	}
	decoded, err := base64.StdEncoding.DecodeString(value)
	return message.OptionID(id), decoded, err
}

func withinDuration() time.Duration {
	return time.Duration(*within) * time.Millisecond
}

func say(l line) {
	text, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

var methods = map[string]codes.Code{
	"GET": codes.GET, "POST": codes.POST, "PUT": codes.PUT, "DELETE": codes.DELETE, "FETCH": codes.FETCH,
}

var types = map[message.Type]string{
	message.Confirmable:     "CON",
	message.NonConfirmable:  "NON",
	message.Acknowledgement: "ACK",
	message.Reset:           "RST",
}
