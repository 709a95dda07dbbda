// What the guide's function for Go says of each message.
package main

import (
	"encoding/json"
	"net/http"
	"os"

	"guide/hooks"
)

func main() {
	var messages []struct {
		Secret  string
		Headers map[string]string
		Body    []byte
	}
	read, err := os.ReadFile("messages.json")
	if err == nil {
		err = json.Unmarshal(read, &messages)
	}
	if err != nil {
		panic(err)
	}
	said := []bool{}
	for _, message := range messages {
		headers := http.Header{}
		for name, value := range message.Headers {
			headers.Set(name, value)
		}
		said = append(said, hooks.IsGenuine(message.Secret, headers, message.Body))
	}
	json.NewEncoder(os.Stdout).Encode(said)
}
