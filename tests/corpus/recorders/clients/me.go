package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"os"
	"time"
)

func main() {
	client := &http.Client{Timeout: 2 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, _ := http.NewRequest("GET", os.Getenv("URL"), nil)
	if key, ok := os.LookupEnv("KEY"); ok {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if os.Args[1] == "dump" {
		out, _ := httputil.DumpRequestOut(request, true)
		fmt.Printf("%s", out)
	}
	response, err := client.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	switch os.Args[1] {
	case "dump":
		out, err := httputil.DumpResponse(response, true)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", out)
	case "fatal":
		body, err := io.ReadAll(response.Body)
		if err != nil {
			log.Fatalf("read body: %v", err)
		}
		if response.StatusCode != http.StatusOK {
			log.Fatalf("outboundsync: unexpected status %s: %s", response.Status, body)
		}
		var me struct{ Account struct{ ID int } }
		if err := json.Unmarshal(body, &me); err != nil {
			log.Fatalf("outboundsync: decode: %v", err)
		}
		fmt.Println(me)
	case "panic":
		if response.StatusCode != 200 {
			panic(fmt.Errorf("GET %s: %d (retry after %q)", request.URL, response.StatusCode, response.Header.Get("Retry-After")))
		}
	}
}
