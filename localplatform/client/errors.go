package client

import (
	"encoding/json"
	"net/http"

	"github.com/sqreen/sqreen/localplatform"
)

// StatusOf is the HTTP status that stands for a code. The server uses it for
// what it answers, this package for answers that carry no code.
func StatusOf(code localplatform.Code) int {
	switch code {
	case localplatform.CodeInvalid, localplatform.CodeInvalidQuery:
		return http.StatusBadRequest
	case localplatform.CodeNotFound:
		return http.StatusNotFound
	case localplatform.CodeConflict:
		return http.StatusConflict
	case localplatform.CodeUnauthorized:
		return http.StatusUnauthorized
	case localplatform.CodeForbidden:
		return http.StatusForbidden
	case localplatform.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case localplatform.CodeUnavailable:
		return http.StatusServiceUnavailable
	case localplatform.CodeVersion:
		return http.StatusUpgradeRequired
	case localplatform.CodeInternal:
	}
	return http.StatusInternalServerError
}

// codeOf is the code that an answer without one stands for.
func codeOf(status int) localplatform.Code {
	switch status {
	case http.StatusNotFound:
		return localplatform.CodeNotFound
	case http.StatusConflict:
		return localplatform.CodeConflict
	case http.StatusUnauthorized:
		return localplatform.CodeUnauthorized
	case http.StatusForbidden:
		return localplatform.CodeForbidden
	case http.StatusRequestEntityTooLarge:
		return localplatform.CodeTooLarge
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		return localplatform.CodeUnavailable
	case http.StatusUpgradeRequired:
		return localplatform.CodeVersion
	}
	if status >= 400 && status < 500 {
		return localplatform.CodeInvalid
	}
	return localplatform.CodeInternal
}

// ErrorBody is the body of every answer of the API that is not 2xx.
type ErrorBody struct {
	Error *localplatform.Error `json:"error"`
}

// errorFrom reads an answer that is not 2xx.
func (c *Client) errorFrom(status int, body []byte) error {
	var b ErrorBody
	if err := json.Unmarshal(body, &b); err == nil && b.Error != nil && b.Error.Code != "" {
		return b.Error
	}
	if status >= 300 && status < 400 {
		return localplatform.Errorf(localplatform.CodeInvalid, "%s sends elsewhere (HTTP %d)", c.shown, status).
			WithHint("give the address of the platform itself")
	}
	return localplatform.Errorf(codeOf(status), "%s answered HTTP %d, which is not what a sqreen platform says", c.shown, status).
		WithHint("is that the address of a sqreen platform?")
}
