// Ask OutboundSync who an API key belongs to, and follow its retry guidance: one retry after a 429, no more.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	timeout     = 15 * time.Second // for each request, body included
	longestWait = 2 * time.Minute  // worth blocking for

	failed     = "OutboundSync failed; try again later, and write to service@outboundsync.com if it repeats"
	check      = "check OUTBOUNDSYNC_BASE_URL and the network"
	unexpected = "not an answer of the OutboundSync API; " + check
)

var advice = map[int]string{
	401: "check the header Authorization: Bearer osapi_... and the key in OUTBOUNDSYNC_API_KEY; rotate it if needed",
	403: "an admin has to enable API access for the CRM connection in OutboundSync; rotating the key does not help",
	429: "still rate limited after one retry; try again in a minute",
}

var (
	keyForm    = regexp.MustCompile(`^osapi_[A-Za-z0-9._~+/=-]+$`)
	secondForm = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]+)?$`)
)

var client = &http.Client{
	Timeout: timeout,
	// When a connection that was kept open breaks, Go repeats the request by itself: keep none open.
	Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
	// Following a redirect could carry the key to another host.
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// getMe returns the key's account, scopes and connections as JSON. Its errors do not hold the key.
func getMe(baseURL, key string) ([]byte, error) {
	status, header, body, err := ask(baseURL, key)
	if err == nil && status == http.StatusTooManyRequests {
		wait := timeToWait(header)
		if wait > longestWait {
			return nil, fmt.Errorf("HTTP 429: rate limited; try again in %.0f seconds", math.Ceil(wait.Seconds()))
		}
		time.Sleep(wait)
		status, _, body, err = ask(baseURL, key) // the one retry
	}
	if err != nil {
		return nil, fmt.Errorf("OutboundSync gave no usable answer (%w); %s", err, check)
	}
	if status != http.StatusOK {
		words, known := advice[status]
		if !known && status >= 500 {
			words = failed
		} else if !known {
			words = unexpected
		}
		return nil, fmt.Errorf("HTTP %d: %s", status, words)
	}
	var me struct{ Account, APIKey, Connections json.RawMessage }
	if json.Unmarshal(body, &me) != nil || me.Account == nil || me.APIKey == nil || me.Connections == nil {
		return nil, errors.New("HTTP 200: " + unexpected)
	}
	return body, nil
}

func ask(baseURL, key string) (status int, header http.Header, body []byte, err error) {
	request, err := http.NewRequest(http.MethodGet, strings.TrimRight(baseURL, "/")+"/api/v1/me", nil)
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, response.Header, body, err
}

// timeToWait reads Retry-After, a number of seconds or an HTTP date; a minute when it is missing or unreadable.
func timeToWait(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	wait := time.Minute
	if secondForm.MatchString(value) {
		seconds, _ := strconv.ParseFloat(value, 64)
		wait = time.Duration(seconds * float64(time.Second))
	} else if until, err := http.ParseTime(value); err == nil {
		now, err := http.ParseTime(header.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		wait = until.Sub(now)
	}
	if wait < time.Second {
		return time.Second
	}
	return wait
}

func main() {
	key := strings.TrimSpace(os.Getenv("OUTBOUNDSYNC_API_KEY"))
	if !keyForm.MatchString(key) { // never send what may be another vendor's key
		fail("OUTBOUNDSYNC_API_KEY must hold an OutboundSync API key, which starts with osapi_")
	}
	baseURL := os.Getenv("OUTBOUNDSYNC_BASE_URL")
	if baseURL == "" {
		baseURL = "https://app.outboundsync.com"
	}
	me, err := getMe(baseURL, key)
	if err != nil {
		fail(err.Error())
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, me, "", "  "); err != nil {
		fail(err.Error())
	}
	fmt.Println(pretty.String())
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message+".")
	os.Exit(1)
}
